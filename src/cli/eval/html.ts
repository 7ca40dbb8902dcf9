/** An evaluation as a page: one file, with its pictures inside, that needs no network. */

import type { BytePicture } from '../../image/metrics/pair.ts';
import { encodeImage } from '../../image/node.ts';
import type { PictureReport, Report } from './report.ts';
import { besideOf, COLUMNS, format, HEADINGS, METRICS, protocolRows } from './text.ts';

/** Most pictures in each of the page's three groups. */
const GROUP = 6;

/** A picture and what is shown of it. */
export interface Shown {
  readonly picture: PictureReport;
  readonly grey: BytePicture;
  readonly ours: BytePicture;
  readonly truth: BytePicture;
}

export interface Groups<T> {
  readonly best: readonly T[];
  readonly median: readonly T[];
  readonly worst: readonly T[];
}

/** The share of the colour's error that is left: ΔE00 over that of the grey picture. 0 is the truth, 1 no better than grey. */
export function errorLeft({ ours, grey }: PictureReport): number {
  return ours.deltaE00 / grey.deltaE00;
}

/** Chooses pictures by `errorLeft`: best first, worst first, and those in the middle. None is in two groups. */
export function groupsOf(pictures: readonly PictureReport[]): Groups<PictureReport> {
  const sorted = [...pictures].sort((one, other) => errorLeft(one) - errorLeft(other));
  const count = Math.min(GROUP, Math.max(1, Math.floor(sorted.length / 3)));
  const best = sorted.splice(0, count);
  const worst = sorted.splice(Math.max(0, sorted.length - count)).reverse();
  const middle = Math.max(0, (sorted.length - count) >> 1);
  return { best, median: sorted.slice(middle, middle + count), worst };
}

/** Makes the page. */
export async function pageOf(report: Report, groups: Groups<Shown>): Promise<string> {
  const group = async (title: string, shown: readonly Shown[]) => {
    if (shown.length === 0) return '';
    const figures: string[] = [];
    for (const one of shown) figures.push(await figure(one));
    return `<h2>${title}</h2>\n<div class="figures">\n${figures.join('\n')}\n</div>`;
  };
  const rows = protocolRows(report.protocol).map(
    ([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`,
  );
  const left = report.leftOut.map(
    ({ path, reason }) => `<li>${escapeHtml(reason.includes(path) ? reason : `${path}: ${reason}`)}</li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>koalarize eval: ${escapeHtml(report.protocol.folder)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Colours given, beside the true ones</h1>
<p>${report.protocol.pictures} pictures. Every figure is a mean over them, with its 95 % interval.</p>
<div class="wide">${tableHtml(report)}</div>
${besideOf(report)
  .map((line) => `<p>${escapeHtml(line)}.</p>`)
  .join('\n')}
<h2>How it was done</h2>
<dl>
${rows.join('\n')}
</dl>
${left.length ? `<details><summary>${left.length} files left out</summary><ul>\n${left.join('\n')}\n</ul></details>` : ''}
<p>The pictures below are chosen by the error that is left: mean ΔE00 over that of the grey picture. 0 would be the truth;
above 1, grey would have been closer. Each is shown as grey, ours, truth.</p>
${await group('Best', groups.best)}
${await group('Median', groups.median)}
${await group('Worst', groups.worst)}
</body>
</html>
`;
}

async function figure({ picture, grey, ours, truth }: Shown): Promise<string> {
  const images: string[] = [];
  for (const [name, square] of Object.entries({ grey, ours, truth })) {
    const { bytes } = await encodeImage('square.jpg', square);
    const data = Buffer.from(bytes).toString('base64');
    images.push(
      `<img alt="${name}" width="${square.width}" height="${square.height}" src="data:image/jpeg;base64,${data}">`,
    );
  }
  const { ours: score, grey: none, truth: real } = picture;
  const caption = [
    picture.path,
    `error left ${errorLeft(picture).toFixed(2)}`,
    `ΔE00 ${score.deltaE00.toFixed(1)}, grey ${none.deltaE00.toFixed(1)}`,
    `PSNR ${score.psnr.toFixed(1)} dB, grey ${none.psnr.toFixed(1)}`,
    `chroma ${score.chroma.toFixed(1)} of ${real.chroma.toFixed(1)}`,
  ];
  return `<figure><div>${images.join('')}</div><figcaption>${caption.map(escapeHtml).join(' · ')}</figcaption></figure>`;
}

function tableHtml({ metrics }: Report): string {
  const head = COLUMNS.map((column) => `<th>${HEADINGS[column]}</th>`).join('');
  const rows = (Object.keys(METRICS) as (keyof typeof METRICS)[]).map((name) => {
    const { label, digits } = METRICS[name];
    const cells = COLUMNS.map((column) => {
      const estimate = metrics[name][column];
      if (!estimate) return '<td></td>';
      const { value, interval } = format(estimate, digits);
      return `<td>${value}<small>${interval}</small></td>`;
    });
    return `<tr><th>${escapeHtml(label)}</th>${cells.join('')}</tr>`;
  });
  return `<table><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

const STYLE = `
:root { color-scheme: light dark; --quiet: light-dark(#666, #999); --line: light-dark(#ddd, #444); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  background: light-dark(#fff, #181818); color: light-dark(#111, #eee); }
h1, h2 { line-height: 1.2; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody th { font-weight: normal; white-space: pre; }
small { display: block; color: var(--quiet); white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; font-size: .9rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
figure { margin: 0; } figure div { display: flex; gap: 4px; }
figure img { width: calc((100% - 8px) / 3); height: auto; }
figcaption { font-size: .85rem; color: var(--quiet); overflow-wrap: anywhere; }
`;
