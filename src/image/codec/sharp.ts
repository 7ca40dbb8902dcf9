/** The package `sharp`, loaded when the first image file is read or written. It is optional: a page does without. */
import * as reasons from './reasons.ts';

export type SharpModule = typeof import('sharp').default;
let loaded: Promise<SharpModule> | undefined;

/** @throws EnvironmentError where the package or its binary is missing */
export function loadSharp(): Promise<SharpModule> {
  loaded ??= import('sharp').then(
    ({ default: sharp }) => {
      // Its cache would hold memory between pictures.
      sharp.cache(false);
      return sharp;
    },
    (cause: Error) => {
      throw reasons.missingSharp(cause);
    },
  );
  return loaded;
}

/** The bytes of a buffer as an array buffer of their own; copied only where Node pools small ones. */
export function ownBytes({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  const whole = byteOffset === 0 && byteLength === buffer.byteLength;
  return (whole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
}
