/** Answers of the service: status, headers and body. */
import type { ColoredFile } from './color.ts';
import { type Refusal, refusalJson } from './refusal.ts';

/** Characters of warnings that fit into a header. */
const WARNINGS = 4000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export function json(status: number, value: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(`${JSON.stringify(value)}\n`) };
}

export function refused(refusal: Refusal): Answer {
  const { status, headers } = refusal;
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body: refusalJson(refusal) };
}

/** The colored picture, with what is told of it in headers. */
export function answerOf({ bytes, format, border, corners, warnings }: ColoredFile): Answer {
  const told = [...warnings];
  while (ascii(told).length > WARNINGS) told.pop();
  const headers = {
    'content-type': `image/${format}`,
    ...(border && { 'koalarize-border': border.join(' ') }),
    ...(corners && { 'koalarize-corners': corners.join(' ') }),
    ...(told.length > 0 && { 'koalarize-warnings': ascii(told) }),
  };
  return { status: 200, headers, body: bytes };
}

/** As JSON of characters that a header may have. */
function ascii(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, escaped);
}
