/** The weights' file: from this browser's cache, or from beside the page, and then into the cache. */
import { FormatError } from '../src/runtime/errors.ts';

const CACHE = 'koalarize weights';

/**
 * Loads the file. Its name holds a hash of its content, so what is cached never goes stale; older ones are removed.
 *
 * @param progress is told of bytes while they arrive; `total` is 0 where the server does not say
 * @throws FormatError when it can't be had
 */
export async function loadWeights(
  url: string,
  progress: (loaded: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // Browsers refuse it in private windows and for pages that did not come safely.
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  const kept = await cache?.match(url);
  if (kept) return new Uint8Array(await kept.arrayBuffer());
  const bytes = await download(url, progress);
  try {
    await cache?.put(url, new Response(bytes));
    for (const { url: other } of (await cache?.keys()) ?? []) {
      if (folderOf(other) === folderOf(url) && other !== url) await cache?.delete(other);
    }
  } catch {
    // No room for it: it will be downloaded again.
  }
  return bytes;
}

async function download(url: string, progress: (loaded: number, total: number) => void) {
  const fail = (got: string): never => {
    throw new FormatError(
      `weights: expected ${url}, got ${got} – check the connection, and that the file lies beside the page`,
    );
  };
  const response = await fetch(url).catch((cause: Error) => fail(`'${cause.message}'`));
  if (!response.ok) fail(`HTTP ${response.status}`);
  const total = Number(response.headers.get('content-length')) || 0;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: Error) => fail(`'${cause.message}' on the way`));
    if (done) break;
    parts.push(value as Uint8Array<ArrayBuffer>);
    loaded += value.length;
    progress(loaded, total);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function folderOf(url: string): string {
  return new URL('.', url).href;
}
