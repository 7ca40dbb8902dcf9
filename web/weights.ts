/** The files of numbers, weights and extractor: from this browser's cache, or from beside the page, then into the cache. */
import { EnvironmentError } from '../src/runtime/errors.ts';

const CACHE = 'koalarize weights';

/** Told of bytes while they arrive; `total` is 0 where a server does not say. */
export type Progress = (loaded: number, total: number) => void;

/**
 * Loads files together. Their names hold a hash of the content, so what is cached never goes stale; older ones of the
 * same kind are removed.
 *
 * @param progress is told of all downloads as one; never where everything is cached
 * @throws FormatError when one can't be had
 */
export async function loadFiles(urls: readonly string[], progress: Progress): Promise<Uint8Array<ArrayBuffer>[]> {
  // Browsers refuse it in private windows and for pages that did not come safely.
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  const kept = await Promise.all(urls.map((url) => cache?.match(url)));
  const downloads = urls.filter((_, i) => !kept[i]).map((url) => ({ url, loaded: 0, total: 0 }));
  const sum = (key: 'loaded' | 'total') => downloads.reduce((all, each) => all + each[key], 0);
  return Promise.all(
    urls.map(async (url, i) => {
      const found = kept[i];
      if (found) return new Uint8Array(await found.arrayBuffer());
      const mine = downloads.find((each) => each.url === url)!;
      const bytes = await download(url, (loaded, total) => {
        Object.assign(mine, { loaded, total });
        progress(sum('loaded'), downloads.every((each) => each.total) ? sum('total') : 0);
      });
      await keep(cache, url, bytes);
      return bytes;
    }),
  );
}

async function keep(cache: Cache | undefined, url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    await cache?.put(url, new Response(bytes));
    for (const { url: other } of (await cache?.keys()) ?? []) {
      if (kindOf(other) === kindOf(url) && other !== url) await cache?.delete(other);
    }
  } catch {
    // No room for it: it will be downloaded again.
  }
}

async function download(url: string, progress: Progress): Promise<Uint8Array<ArrayBuffer>> {
  const fail = (got: string, cause?: unknown): never => {
    throw new EnvironmentError(
      { where: 'page', expected: url, got, hint: 'check the connection, and that the file lies beside the page' },
      { cause },
    );
  };
  const response = await fetch(url).catch((cause: Error) => fail(`'${cause.message}'`, cause));
  if (!response.ok) fail(`HTTP ${response.status}`);
  const total = Number(response.headers.get('content-length')) || 0;
  progress(0, total);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: Error) => fail(`'${cause.message}' on the way`, cause));
    if (done) break;
    parts.push(value as Uint8Array<ArrayBuffer>);
    loaded += value.length;
    progress(loaded, total);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The folder, and what kind of file it is. */
function kindOf(url: string): string {
  return `${new URL('.', url).href} ${url.slice(url.lastIndexOf('.'))}`;
}
