/** How the commands speak of errors: one line, no stack trace, unless DEBUG is set. */
import { DeviceError, FormatError, KernelError, ShapeError } from '../runtime/errors.ts';

/** True for errors that a user can cause; anything else is a bug of ours. */
export function isExpected(error: unknown): error is Error {
  return [DeviceError, FormatError, ShapeError, KernelError].some((kind) => error instanceof kind);
}

/** An error's message on one line; with its stack where DEBUG is set. */
export function reasonOf(error: Error): string {
  return process.env.DEBUG ? (error.stack ?? error.message) : error.message.replaceAll(/\s*\n\s*/g, ' ');
}

/** Says on standard error what is wrong with a command line. @returns exit code 2 */
export function usage(message: string, help: string): 2 {
  process.stderr.write(`${message.replaceAll(/\s*\n\s*/g, ' ')} – see '${help}'\n`);
  return 2;
}
