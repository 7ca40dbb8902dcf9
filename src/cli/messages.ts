/** How the commands speak of errors: one line, no stack trace, unless DEBUG is set. */
import { ArgumentError, DeviceError, FormatError, KernelError, ShapeError } from '../runtime/errors.ts';

/** Wrong arguments. The message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** True for errors that a user can cause; anything else is a bug of ours. */
export function isExpected(error: unknown): error is Error {
  return [DeviceError, FormatError, ShapeError, KernelError, ArgumentError].some((kind) => error instanceof kind);
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

/** Rows of a label and what it is, indented and aligned; long lists are broken at their commas. */
export function table(rows: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows.map(([label, value]) => `  ${label.padEnd(width)}${wrap(value, width + 2)}\n`).join('');
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

/** Breaks a list at its commas, into lines of at most 110 characters behind `indent` spaces. */
function wrap(list: string, indent: number): string {
  const lines = [''];
  for (const word of list.split(/(?<=, )/)) {
    if (indent + lines.at(-1)!.length + word.length > 110 && lines.at(-1)) lines.push('');
    lines[lines.length - 1] += word;
  }
  return lines.map((line) => line.trimEnd()).join(`\n${' '.repeat(indent)}`);
}

/** Says something that is not part of a result. */
export function sayLine(line: string): void {
  process.stderr.write(`${line}\n`);
}
