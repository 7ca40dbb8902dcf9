/**
 * The errors a user can cause. Every message reads `where: expected, got – what to do`, with the values; most are made of
 * these parts, which are fields too.
 */

/** What an error says, part by part. */
export interface ErrorParts {
  /** The call, the option or the file; absent where whoever catches it knows that: see `errorWithin`. */
  readonly where?: string | undefined;
  readonly expected: string;
  readonly got: string | number;
  /** What to do. */
  readonly hint?: string | undefined;
}

/** What all errors of this package have in common. `cause` is the error that one comes from, where there is one. */
export abstract class KoalarizeError extends Error {
  readonly #parts: ErrorParts | undefined;

  /** Makes the message of the parts; of some, there is only the message. */
  constructor(parts: ErrorParts | string, options?: ErrorOptions) {
    super(typeof parts === 'string' ? parts : messageOf(parts), options);
    this.#parts = typeof parts === 'string' ? undefined : parts;
  }

  /** The call, the option or the file; undefined where the message is not made of parts, as are the other three. */
  get where(): string | undefined {
    return this.#parts?.where;
  }

  /** What was expected there. */
  get expected(): string | undefined {
    return this.#parts?.expected;
  }

  /** What there was instead. */
  get got(): string | undefined {
    return this.#parts && String(this.#parts.got);
  }

  /** What to do. */
  get hint(): string | undefined {
    return this.#parts?.hint;
  }
}

function messageOf({ where, expected, got, hint }: ErrorParts): string {
  return `${where === undefined ? '' : `${where}: `}expected ${expected}, got ${got}${hint === undefined ? '' : ` – ${hint}`}`;
}

/** No usable device, a device that was lost, out of memory, or an error the driver reported. */
export class DeviceError extends KoalarizeError {
  override readonly name = 'DeviceError';
}

/** A shape or attribute that an operation cannot accept. The message starts with the op's name. */
export class ShapeError extends KoalarizeError {
  override readonly name = 'ShapeError';
}

/** A file that is not what it should be: damaged, of another kind, or made for another model. */
export class FormatError extends KoalarizeError {
  override readonly name = 'FormatError';
}

/** What the system does not give: a file that is missing or not permitted, a full disk, a package that is not installed. */
export class EnvironmentError extends KoalarizeError {
  override readonly name = 'EnvironmentError';
}

/** An argument of another kind than what is expected, or an option that does not exist. */
export class ArgumentError extends KoalarizeError {
  override readonly name = 'ArgumentError';
}

/** A kernel's WGSL and its TypeScript declaration disagree, or its inputs do not fit it. */
export class KernelError extends KoalarizeError {
  override readonly name = 'KernelError';
}

/** The loss, or a weight, became NaN or infinite. */
export class DivergedError extends KoalarizeError {
  override readonly name = 'DivergedError';
  readonly step: number;

  /** @param found the numbers, and where */
  constructor(step: number, found: string, options?: ErrorOptions) {
    const hint = 'start again with a lower learning rate';
    super({ where: `step ${step}`, expected: 'finite numbers', got: found, hint }, options);
    this.step = step;
  }
}

/** The error of a call on what is closed. @param where names it, @param hint says how to get another one */
export function closedError(where: string, hint: string): DeviceError {
  return new DeviceError({ where, expected: 'an open one', got: 'a closed one', hint });
}

/** The same error in a place around its own, such as a file: of the same class, with all its parts. */
export function errorWithin(place: string, error: KoalarizeError): KoalarizeError {
  const { expected, got, hint } = error;
  const where = error.where === undefined ? place : `${place}: ${error.where}`;
  const isWhole = expected !== undefined && got !== undefined;
  const parts = isWhole ? { where, expected, got, hint } : `${place}: ${error.message}`;
  const SameError = error.constructor as new (parts: ErrorParts | string, options?: ErrorOptions) => KoalarizeError;
  return new SameError(parts, { cause: error });
}
