/** What the commands on one file or folder share: reading arguments, help, and how errors become exit codes. */
import { parseArgs } from 'node:util';
import { isExpected, reasonOf, UsageError, usage } from './messages.ts';

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
  /** @returns the exit code. @throws UsageError for options that contradict the help */
  run(argument: string, values: Values<O>): Promise<number>;
}

/** Runs a command. @returns the exit code: what `run` says; 1 for an error a user can cause, 2 for wrong usage */
export async function runCommand<O extends Readonly<Record<string, Option>>>(
  { name, help, options, argument, run }: Command<O>,
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
    process.stdout.write(help);
    return 0;
  }
  if (positionals.length !== 1) return usage(`expected ${argument}, got ${positionals.length || 'none'}`, hint);
  try {
    return await run(positionals[0]!, values as Values<O>);
  } catch (error) {
    if (error instanceof UsageError) return usage(error.message, hint);
    if (!isExpected(error)) throw error;
    process.stderr.write(`failed: ${reasonOf(error)}\n`);
    return 1;
  }
}
