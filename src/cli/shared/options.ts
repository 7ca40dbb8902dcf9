/** Parser of options that are declared: what each takes, and so what messages say of another value. */
import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '../../runtime/nearest.ts';
import { sayLine, UsageError } from './messages.ts';

/** What pages may be called. */
export const PAGE_EXTENSIONS: readonly string[] = ['.html', '.htm'];

/** An option whose value is a `T`. */
export interface Option<T> {
  /** As `parseArgs` has it: whether a value follows. */
  readonly type: 'boolean' | 'string';
  /** One letter, for `-o`. */
  readonly short?: string;
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  /** What it takes, for messages; empty where that is anything. */
  readonly expected: string;
  /** The value of a word; undefined for one that is not expected. */
  read(given: string): T | undefined;
}

/** How options may be given beside their long names. */
interface Ways {
  readonly short?: string;
}

/** Options by their names. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** Their values; those that were not given are missing. */
export type ValuesOf<O extends Options> = { readonly [K in keyof O]?: O[K] extends Option<infer T> ? T : never };

/** What is there or not. */
export const flag = (ways: Ways = {}): Option<boolean> => ({
  ...ways,
  type: 'boolean',
  expected: '',
  read: () => true,
});

/** Any text. */
export const text = (ways: Ways = {}): Option<string> => parsed('', (given) => given, ways);

/** A file or folder; where there are `endings`, the name must have one of them. */
export const path = ({ endings, ...ways }: Ways & { readonly endings?: readonly string[] } = {}): Option<string> =>
  parsed(
    endings ? `a name that ends in ${endings.join(' ')}` : '',
    (given) => (!endings || endings.includes(extname(given).toLowerCase()) ? given : undefined),
    ways,
  );

/** A whole number. Both ends belong to the range; `most` may be infinite. */
export const integer = (least: number, most: number, multipleOf = 1): Option<number> => {
  const what = multipleOf === 1 ? 'a whole number' : `a multiple of ${multipleOf}`;
  const expected =
    most === Number.POSITIVE_INFINITY ? `${what} above ${least - 1}` : `${what} from ${least} to ${most}`;
  return parsed(expected, (given) => {
    const number = /^\d+$/.test(given) ? Number(given) : Number.NaN;
    return number >= least && number <= most && number % multipleOf === 0 ? number : undefined;
  });
};

/** A finite number: at least `least`, or above `above`, and at most `most`. */
export const number = (range: { least: number; most?: number } | { above: number }): Option<number> => {
  const { least, above, most } = { least: -Infinity, above: -Infinity, most: undefined, ...range };
  const from = 'above' in range ? `above ${above}` : `from ${least}`;
  return parsed(`a number ${from}${most === undefined ? '' : ` to ${most}`}`, (given) => {
    const number = given.trim() === '' ? Number.NaN : Number(given);
    return number >= least && number > above && number <= (most ?? Number.MAX_VALUE) ? number : undefined;
  });
};

/** One of some words or numbers. */
export const oneOf = <const T extends string | number>(choices: readonly T[]): Option<T> =>
  parsed(listed(choices), (given) => choices.find((choice) => `${choice}` === given));

/** The same, several with commas between. */
export const someOf = <const T extends string | number>(choices: readonly T[]): Option<readonly T[]> =>
  list(oneOf(choices));

/** Several values with commas between. */
export const list = <T>({ expected, read }: Option<T>): Option<readonly T[]> =>
  parsed(`${expected}, with commas between`, (given) => {
    const values = given.split(',').map((word) => read(word.trim()));
    return values.every((value) => value !== undefined) ? values : undefined;
  });

/** What `read` makes of it. */
export const parsed = <T>(expected: string, read: (given: string) => T | undefined, ways: Ways = {}): Option<T> => ({
  ...ways,
  type: 'string',
  expected,
  read,
});

/** An option that may be given several times. */
export const several = <T>({ read, ...option }: Option<T>): Option<readonly T[]> => ({
  ...option,
  multiple: true,
  // Words come one by one; `parseOptions` puts them together.
  read: (given) => {
    const value = read(given);
    return value === undefined ? undefined : [value];
  },
});

/** How much color. */
export const strength = number({ least: 0, most: 10 });
/** How much colors of one grey are drawn together. */
export const smoothing = number({ least: 0, most: 1 });
/** Pixels of the shorter side inside the network. */
export const renderSize = integer(8, 2048);

/** What a command line says; only help where that is asked for. */
export type Parsed<O extends Options> =
  | { readonly help: true }
  | { readonly help: false; readonly values: ValuesOf<O>; readonly words: readonly string[] };

/**
 * Reads a command line. Every command has --help, for which nothing else need be right.
 *
 * @param former names that options had: taken, with a notice, until version 0.2
 * @throws UsageError
 */
export function parseOptions<O extends Options>(
  options: O,
  argv: readonly string[],
  former: Readonly<Record<string, keyof O & string>> = {},
): Parsed<O> {
  const taken = argv.map((word) => {
    const [, name = '', tail = ''] = /^--([\w-]+)((?:=.*)?)$/su.exec(word) ?? [];
    if (!Object.hasOwn(former, name)) return word;
    sayLine(`--${name} is now called --${former[name]}; the former name is taken until version 0.2`);
    return `--${former[name]}${tail}`;
  });
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  );
  const { values: given, positionals } = tokens({ ...config, help: { type: 'boolean', short: 'h' } }, taken);
  if (given.help) return { help: true };
  const values: Record<string, unknown> = {};
  for (const [name, words] of Object.entries(given)) {
    const { expected, multiple, read } = options[name]!;
    const each = [words].flat().map((word) => {
      const value = read(String(word));
      if (value === undefined) throw new UsageError({ where: `--${name}`, expected, got: `'${word}'` });
      return value;
    });
    values[name] = multiple ? each.flat() : each[0];
  }
  return { help: false, values: values as ValuesOf<O>, words: positionals };
}

type Config = Readonly<Record<string, { readonly type: 'boolean' | 'string'; readonly short?: string }>>;

/** @throws UsageError for an option that there is not, or without its value */
function tokens(config: Config, argv: readonly string[]) {
  try {
    return parseArgs({ args: joined(config, argv), options: config, allowPositionals: true });
  } catch (cause) {
    // Node's own message goes on to explain how to pass what looks like an option.
    const [reason] = (cause as Error).message.split(/\.\s|\n/);
    const [, unknown] = /^Unknown option '--([^']*)'/.exec(reason!) ?? [];
    const meant = unknown && nearest(unknown, Object.keys(config));
    throw new UsageError(meant ? `${reason} – did you mean '--${meant}'?` : reason!);
  }
}

/** A negative number behind an option is its value: `--range -1,1` as one word, as `parseArgs` wants it. */
function joined(config: Config, argv: readonly string[]): string[] {
  const takesValue = (word: string | undefined) => word?.startsWith('--') && config[word.slice(2)]?.type === 'string';
  const isValue = (word: string | undefined) => word !== undefined && /^-[\d.]/.test(word);
  return argv.flatMap((word, i) => {
    if (isValue(word) && takesValue(argv[i - 1])) return [];
    return takesValue(word) && isValue(argv[i + 1]) ? [`${word}=${argv[i + 1]}`] : [word];
  });
}

/** `a, b or c` */
function listed(words: readonly (string | number)[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
