/** Frame of the commands on files and folders: reading arguments, help, and how errors become exit codes. */
import { parseArgs } from 'node:util';
import { isExpected, print, reasonOf, sayFailed, UsageError, usage } from './messages.ts';

type Option = { readonly type: 'boolean' | 'string'; readonly short?: string };
type Values<O extends Readonly<Record<string, Option>>> = {
  readonly [K in keyof O]?: O[K]['type'] extends 'string' ? string : boolean;
};

export interface Command<O extends Readonly<Record<string, Option>>> {
  readonly name: string;
  readonly help: string;
  readonly options: O;
  /** What the one argument is, for the message that it is missing. */
  readonly argument: string;
  /** Whether more arguments may follow the first. Default no. */
  readonly several?: boolean;
  /** @param more the arguments after the first. @returns the exit code. @throws UsageError for options that contradict the help */
  run(argument: string, values: Values<O>, more: readonly string[]): Promise<number>;
}

/** Runs a command. @returns the exit code: what `run` says; 1 for an error a user can cause, 2 for wrong usage */
export async function runCommand<O extends Readonly<Record<string, Option>>>(
  { name, help, options, argument, several = false, run }: Command<O>,
  argv: string[],
): Promise<number> {
  const hint = `koalarize ${name} --help`;
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    const all = { ...options, help: { type: 'boolean', short: 'h' } as const };
    parsed = parseArgs({ args: argv, options: all, allowPositionals: true });
  } catch (cause) {
    return usage((cause as Error).message, hint);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    print(help);
    return 0;
  }
  const [first, ...more] = positionals;
  if (first === undefined || (more.length && !several)) {
    return usage(`expected ${argument}, got ${positionals.length || 'none'}`, hint);
  }
  try {
    return await run(first, values as Values<O>, more);
  } catch (error) {
    if (error instanceof UsageError) return usage(error.message, hint);
    if (!isExpected(error)) throw error;
    sayFailed(`failed: ${reasonOf(error)}`, error);
    return 1;
  }
}
