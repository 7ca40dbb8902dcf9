/** Pages as single files: pictures, style and script inside, nothing fetched, and a policy that forbids it. */
import { createHash } from 'node:crypto';
import type { BytePicture } from '../../../evaluation/metrics/pair.ts';
import { encodeImage } from '../../../image/node.ts';

export interface Page {
  readonly title: string;
  readonly style: string;
  /** HTML. */
  readonly body: string;
  /** Run after the body. */
  readonly script?: string;
}

/** Makes a page. Its policy allows pictures in data URLs, this style and this script, each by its hash, and nothing else. */
export function pageHtml({ title, style, body, script }: Page): string {
  const allowed = (what: string, text: string | undefined) => (text ? `; ${what} '${sha256Source(text)}'` : '');
  const policy = `default-src 'none'; img-src data:${allowed('style-src', style)}${allowed('script-src', script)}; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${body}
${script ? `<script type="module">${script}</script>\n` : ''}</body>
</html>
`;
}

/** A picture as a JPEG in a data URL. */
export async function dataUrl(picture: BytePicture): Promise<string> {
  const { bytes } = await encodeImage('square.jpg', picture);
  return `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`;
}

/** An `img` with the picture in it. */
export async function squareHtml(alt: string, picture: BytePicture): Promise<string> {
  const { width, height } = picture;
  return `<img alt="${escapeHtml(alt)}" width="${width}" height="${height}" src="${await dataUrl(picture)}">`;
}

/** Rows of a label and what it is. */
export function rowsHtml(rows: readonly (readonly [label: string, value: string])[]): string {
  const items = rows.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>\n${items.join('\n')}\n</dl>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML that shows it, also inside attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** How a policy names inline text that may be used. */
function sha256Source(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
