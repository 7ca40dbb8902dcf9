/** Error scopes of WebGPU: what was wrong with some calls, told to whoever made them. */
import type { ErrorParts } from './errors.ts';

/** What becomes of some calls: what they gave at once, and later whether the device took them. */
export interface Scoped<R> {
  readonly value: R;
  /** What was wrong; undefined where nothing was. Never rejects. */
  readonly error: Promise<ErrorParts | undefined>;
}

const FILTERS = ['validation', 'out-of-memory'] as const satisfies GPUErrorFilter[];

/**
 * Runs `calls`, which may not await anything: scopes of a device are a stack.
 *
 * @param what for messages: what memory is needed for
 */
export function scoped<R>(device: GPUDevice, what: string, calls: () => R): Scoped<R> {
  for (const filter of FILTERS) device.pushErrorScope(filter);
  // They are rejected where the device is lost, which is told elsewhere.
  const pop = () => Promise.all(FILTERS.map(() => device.popErrorScope().catch(() => null)));
  let value: R;
  try {
    value = calls();
  } catch (thrown) {
    void pop(); // A scope that stays would hide the errors of others.
    throw thrown;
  }
  const error = pop().then((errors) => {
    const first = errors.find((each) => each !== null);
    return first ? describeError(first, what) : undefined;
  });
  return { value, error };
}

/** What was wrong, and what to do. */
export function describeError(error: GPUError, what = ''): ErrorParts {
  // Dawn adds where in its own source it was raised.
  const got = error.message.replaceAll(/\n\s+at .*/g, '').trim();
  return error.constructor.name === 'GPUOutOfMemoryError'
    ? {
        expected: `enough memory${what && ` for ${what}`}`,
        got: `'out of memory: ${got}'`,
        hint: 'use a smaller batch or picture size',
      }
    : {
        expected: 'valid GPU work',
        got: `'${error.constructor.name}: ${got}'`,
        hint: 'this is a bug, please report it',
      };
}
