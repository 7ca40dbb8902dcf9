/** Names of files on the page, and when they are saved. */
import type { FileType } from '../worker/messages.ts';

const EXTENSIONS: Readonly<Record<FileType, RegExp>> = { 'image/jpeg': /\.jpe?g$/i, 'image/png': /\.png$/i };
const USUAL: Readonly<Record<FileType, string>> = { 'image/jpeg': '.jpg', 'image/png': '.png' };

/** The same name; with another extension where that says another type. */
export function savedName(name: string, type: FileType): string {
  if (EXTENSIONS[type].test(name)) return name;
  return `${name.replace(/\.[^.]*$/, '') || 'photograph'}${USUAL[type]}`;
}

/** Controls (C0, C1) and marks that turn the direction of writing: nothing that shows, and much that can deceive. */
const HIDDEN = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text with a visible sign in place of each hidden one. */
export function plain(text: string): string {
  return text.replace(HIDDEN, '\ufffd');
}

/** The file under a name that shows as it is. */
export function withPlainName(file: File): File {
  const name = plain(file.name);
  return name === file.name ? file : new File([file], name, { type: file.type, lastModified: file.lastModified });
}
