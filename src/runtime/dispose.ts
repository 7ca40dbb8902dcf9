/// <reference lib="esnext.disposable" preserve="true" />
/** Explicit resource management: what `await using` calls at the end of its block, and what it calls it on. */

/** `Symbol.asyncDispose`, or what compilers take in its place where an engine has none. No global is touched. */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** What holds memory of a device until it is closed. Closing it again does nothing. */
export interface Closable {
  close(): void | Promise<void>;
  [asyncDispose](): Promise<void>;
}
