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
  return new Worker(url, { type: 'module' });
}

/** The address of a file beside the page. */
export function besidePage(name: string): string {
  return new URL(name, document.baseURI).href;
}
