/** Marks on stderr, by which `npm run isa` finds its way in what a program and the driver print. */
import { writeSync } from 'node:fs';

export const mark = (text: string): void => void writeSync(2, `\n##${text}\n`);

/** The program's argument. */
export const argument = <T>(): T => JSON.parse(process.argv[2]!) as T;

/** Ends the program: a device that never answers would keep it. */
export function end(): never {
  mark('DONE');
  process.exit(0);
}
