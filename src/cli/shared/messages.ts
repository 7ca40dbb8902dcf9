/** Messages of the commands: all that is written to the terminal passes here, and how errors are told. */
import { KoalarizeError } from '../../runtime/errors.ts';
import { printable } from '../../util/printable.ts';

export { printable };

/** Wrong arguments. The message is one line. */
export class UsageError extends KoalarizeError {
  override readonly name = 'UsageError';
}

/** True for errors that a user can cause; anything else is a bug of ours. */
export function isExpected(error: unknown): error is KoalarizeError {
  return error instanceof KoalarizeError;
}

/** An error's message on one line. */
export function reasonOf(error: Error): string {
  return error.message.replaceAll(/\s*\n\s*/g, ' ');
}

/** Says on standard error what is wrong with a command line. @returns exit code 2 */
export function usage(message: string, help: string): 2 {
  sayLine(`${message.replaceAll(/\s*\n\s*/g, ' ')} – see '${help}'`);
  return 2;
}

/** `printable`, of several lines. */
function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Says a line that is not part of a result, on standard error. */
export function sayLine(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Says lines that are not part of a result. */
export function sayLines(lines: string): void {
  process.stderr.write(`${printableLines(lines)}\n`);
}

/** Says that something failed; with the error's stack where DEBUG is set. */
export function sayFailed(line: string, error: unknown): void {
  sayLine(line);
  if (process.env.DEBUG && error instanceof Error) sayLines(error.stack ?? error.message);
}

/** Writes a result, of whole lines, to standard output. */
export function print(text: string): void {
  process.stdout.write(printableLines(text));
}

/** Writes a result as JSON, with a line's end. @param indent spaces; default all of it on one line */
export function printJson(value: unknown, indent?: number): void {
  // Inside strings `\u001b` is the character itself; outside of them are line breaks only.
  process.stdout.write(`${printableLines(JSON.stringify(value, null, indent))}\n`);
}

/** Ends quietly when nobody reads what is written any more: `koalarize … | head -1`. A training saves first. */
export function endOnClosedPipe(): void {
  let closed = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (closed) return;
      closed = true;
      // As a shell tells of a program that ended for this.
      if (process.listenerCount('SIGTERM') === 0) process.exit(141);
      process.emit('SIGTERM', 'SIGTERM');
    });
  }
}

/** `12.6 MB`: a file's size, as file managers tell it. */
export function fileSize(bytes: number): string {
  const units = [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const;
  for (const [unit, size] of units) if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  return `${bytes} bytes`;
}
