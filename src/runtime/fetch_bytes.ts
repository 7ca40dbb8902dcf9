/** Bytes from a path (Node) or an address. */
import { expectSource } from './arguments.ts';
import { EnvironmentError } from './errors.ts';

/**
 * Reads a file whole: in Node a path, a `file:` address or what `fetch` knows; in a browser what `fetch` knows, taken
 * from the page's own address.
 *
 * @throws EnvironmentError when there is nothing to read; the message names the file and the reason.
 */
export async function loadBytes(source: string | URL): Promise<Uint8Array> {
  expectSource('load', source);
  const address = String(source);
  if (typeof process !== 'undefined' && process.versions?.node && !/^(https?|data|blob):/.test(address)) {
    const { readBytes } = await import('./node/adapters.ts');
    return readBytes(address.startsWith('file:') ? new URL(address) : source);
  }
  const refuse = (got: string, cause?: unknown) =>
    new EnvironmentError(
      { where: address, expected: 'a file', got, hint: 'put it there, or give another address, or its bytes' },
      { cause },
    );
  const response = await fetch(source).catch((cause: Error) => {
    throw refuse(`'${cause.message}'`, cause);
  });
  if (!response.ok) throw refuse(`HTTP ${response.status} ${response.statusText}`.trim());
  return new Uint8Array(await response.arrayBuffer());
}
