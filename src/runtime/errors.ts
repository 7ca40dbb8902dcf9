/**
 * The errors a user can cause. Every message reads `where: expected, got – what to do`, with the values.
 */

/** No usable device, a device that was lost, out of memory, or an error the driver reported. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/** The error of a call on what is closed. @param what names it, @param remedy says how to get another one */
export function closedError(what: string, remedy: string): DeviceError {
  return new DeviceError(`${what}: expected an open one, got a closed one – ${remedy}`);
}

/** A shape or attribute that an operation cannot accept. The message starts with the op's name. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** A file that is not what it should be: damaged, of another kind, or made for another model. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** An argument of another kind than what is expected, or an option that does not exist. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** A kernel's WGSL and its TypeScript declaration disagree, or its inputs do not fit it. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
}
