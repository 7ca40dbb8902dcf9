/** Frame of the commands on files and folders: reading arguments, help, and how errors become exit codes. */
import { isExpected, print, reasonOf, sayFailed, UsageError, usage } from './messages.ts';
import { type Options, parseOptions, type ValuesOf } from './options.ts';

export interface Command<O extends Options> {
  readonly name: string;
  readonly help: string;
  readonly options: O;
  /** What the one argument is, for the message that it is missing. */
  readonly argument: string;
  /** Whether more arguments may follow the first. Default no. */
  readonly several?: boolean;
  /** @param more the arguments after the first. @returns the exit code. @throws UsageError for options that contradict the help */
  run(argument: string, values: ValuesOf<O>, more: readonly string[]): Promise<number>;
}

/** Runs a command. @returns the exit code: what `run` says; 1 for an error a user can cause, 2 for wrong usage */
export async function runCommand<O extends Options>(
  { name, help, options, argument, several = false, run }: Command<O>,
  argv: string[],
): Promise<number> {
  const hint = `koalarize ${name} --help`;
  try {
    const parsed = parseOptions(options, argv);
    if (parsed.help) {
      print(help);
      return 0;
    }
    const { values, words } = parsed;
    const [first, ...more] = words;
    if (first === undefined || (more.length && !several)) {
      throw new UsageError({ expected: argument, got: words.length || 'none' });
    }
    return await run(first, values, more);
  } catch (error) {
    if (error instanceof UsageError) return usage(error.message, hint);
    if (!isExpected(error)) throw error;
    sayFailed(`failed: ${reasonOf(error)}`, error);
    return 1;
  }
}
