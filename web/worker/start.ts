/** Starts a worker that the page's Content-Security-Policy binds. */

/**
 * A worker from an address of its own would have no policy. One from a `blob:` has its page's: it can't send anything
 * anywhere else either.
 *
 * @param name a file beside the page
 */
export function startWorker(name: string): Worker {
  const script = `import ${JSON.stringify(besidePage(name))};`;
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module' });
  // It speaks or fails once it is loaded; only then can its address go.
  for (const event of ['message', 'error']) {
    worker.addEventListener(event, () => URL.revokeObjectURL(url), { once: true });
  }
  return worker;
}

/** The address of a file beside the page. */
export function besidePage(name: string): string {
  return new URL(name, document.baseURI).href;
}
