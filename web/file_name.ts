/** What a photograph is called when it is saved. */
import type { FileType } from './messages.ts';

const EXTENSIONS: Readonly<Record<FileType, RegExp>> = { 'image/jpeg': /\.jpe?g$/i, 'image/png': /\.png$/i };
const USUAL: Readonly<Record<FileType, string>> = { 'image/jpeg': '.jpg', 'image/png': '.png' };

/** The same name; with another extension where that says another type. */
export function savedName(name: string, type: FileType): string {
  if (EXTENSIONS[type].test(name)) return name;
  return `${name.replace(/\.[^.]*$/, '') || 'photograph'}${USUAL[type]}`;
}
