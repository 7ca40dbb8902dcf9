/** Frame of the commands on files and folders: reading arguments, help, and how errors become exit codes. */
import { isExpected, print, reasonOf, sayFailed, UsageError, usage } from './messages.ts';
import { type Options, parseOptions, type ValuesOf } from './options.ts';

export interface Command<O extends Options> {
  readonly name: string;
  readonly help: string;
  readonly options: O;
  /** Names that options had: see `parseOptions`. */
  readonly former?: Readonly<Record<string, keyof O & string>>;
  /** What the one argument is, for the message that it is missing. */
  readonly argument: string;
  /** Whether more arguments may follow the first. Default no. */
  readonly several?: boolean;
  /** @param more the arguments after the first. @returns the exit code. @throws UsageError for options that contradict the help */
  run(argument: string, values: ValuesOf<O>, more: readonly string[]): Promise<number>;
}

/** A command that takes options only. */
export interface OptionsCommand<O extends Options> extends Pick<Command<O>, 'name' | 'help' | 'options' | 'former'> {
  run(values: ValuesOf<O>): Promise<number>;
}

/** Runs a command. @returns the exit code: what `run` says; 1 for an error a user can cause, 2 for wrong usage */
export function runCommand<O extends Options>(
  { argument, several = false, run, ...command }: Command<O>,
  argv: string[],
): Promise<number> {
  return framed(command, argv, ([first, ...more], values) => {
    if (first === undefined || (more.length && !several)) {
      throw new UsageError({ expected: argument, got: first === undefined ? 'none' : 1 + more.length });
    }
    return run(first, values, more);
  });
}

/** The same for one that takes options only. */
export function runOptionsCommand<O extends Options>({ run, ...command }: OptionsCommand<O>, argv: string[]) {
  return framed(command, argv, (words, values) => {
    if (words.length) throw new UsageError({ expected: 'options only', got: `'${words[0]}'` });
    return run(values);
  });
}

async function framed<O extends Options>(
  { name, help, options, former }: Pick<Command<O>, 'name' | 'help' | 'options' | 'former'>,
  argv: string[],
  run: (words: readonly string[], values: ValuesOf<O>) => Promise<number>,
): Promise<number> {
  const hint = `koalarize ${name} --help`;
  try {
    const parsed = parseOptions(options, argv, former);
    if (parsed.help) {
      print(help);
      return 0;
    }
    return await run(parsed.words, parsed.values);
  } catch (error) {
    if (error instanceof UsageError) return usage(error.message, hint);
    if (!isExpected(error)) throw error;
    sayFailed(`failed: ${reasonOf(error)}`, error);
    return 1;
  }
}
