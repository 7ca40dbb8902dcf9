/**
 * Keeps the page for use without a connection. It answers for the page's own files alone, from one cache for each
 * version: a page and its parts always come from the same one. Everything else, such as the benchmark, goes its way.
 */

interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
/** As much of it as is used: the types of service workers and of pages don't go together. */
interface ServiceWorkerScope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: Waiting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
}

const worker = self as unknown as ServiceWorkerScope;
const scope = worker.registration.scope;
const PREFIX = `koalarize page ${scope} `;
const NAME = PREFIX + BUILT.version;
const addresses = new Set(BUILT.files.map((name) => new URL(name, scope).href));

worker.addEventListener('install', (event) => {
  const requests = [...addresses].map((address) => new Request(address, { cache: 'no-cache' }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(requests)));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
      }
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  url.search = '';
  url.hash = '';
  const address = url.href === scope ? new URL('index.html', scope).href : url.href;
  if (event.request.method !== 'GET' || !addresses.has(address)) return;
  event.respondWith(
    caches
      .open(NAME)
      .then((cache) => cache.match(address))
      .then((kept) => kept ?? fetch(event.request)),
  );
});
