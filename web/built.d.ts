/**
 * Values that scripts/build_web.js fills in: names of files beside the page. Names with a hash of their content never
 * go stale.
 */
declare const BUILT: {
  readonly worker: string;
  readonly trainingWorker: string;
  readonly weights: string;
  readonly extractor: string;
  readonly example: string;
  /** In the service worker: everything that the page needs offline, and a hash of all of it. */
  readonly files: readonly string[];
  readonly version: string;
};
