/** Bytes from a path (Node) or URL. */
import { FormatError } from './errors.ts';

/** @throws FormatError when there is nothing to read; the message names the file and the reason. */
export async function loadBytes(source: string | URL): Promise<Uint8Array> {
  if (typeof process !== 'undefined' && process.versions?.node && !/^https?:/.test(String(source))) {
    const { readBytes } = await import('./node.ts');
    return readBytes(source);
  }
  const response = await fetch(source);
  if (!response.ok)
    throw new FormatError(`${source}: expected a file, got HTTP ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
