/** Option values that several commands share: whole numbers, strengths, names of files to write. */
import { extname } from 'node:path';
import { UsageError } from './messages.ts';

/** What pages may be called. */
export const PAGE_EXTENSIONS: readonly string[] = ['.html', '.htm'];

type Given<Name extends string> = { readonly [K in Name]?: string | boolean | undefined };

/** Reads a whole number; undefined where it is not given. @throws UsageError */
export function wholeOf<Name extends string>(
  values: Given<Name>,
  name: Name,
  least: number,
  most: number,
): number | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const number = /^\d+$/.test(String(given)) ? Number(given) : Number.NaN;
  if (number >= least && number <= most) return number;
  const range = most === Number.POSITIVE_INFINITY ? `above ${least - 1}` : `from ${least} to ${most}`;
  throw new UsageError(`--${name}: expected a whole number ${range}, got '${given}'`);
}

/** Reads --strength: how much color; 1 where it is not given. @throws UsageError */
export function strengthOf({ strength }: Given<'strength'>): number {
  const number = Number(strength ?? 1);
  if (number >= 0 && number <= 10 && strength !== '') return number;
  throw new UsageError(`--strength: expected 0 to 10, got '${strength}'`);
}

/** Checks the end of a file's name, if there is one. @throws UsageError */
export function checkEnding(name: string, path: string | undefined, allowed: readonly string[]): void {
  if (path === undefined || allowed.includes(extname(path).toLowerCase())) return;
  throw new UsageError(`--${name}: expected a name that ends in ${allowed.join(' ')}, got '${path}'`);
}

/** One of the words that an option takes; undefined where it is not given. @throws UsageError */
export function oneOf<Name extends string, Choice extends string>(
  values: { readonly [K in Name]?: string | undefined },
  name: Name,
  choices: readonly Choice[],
): Choice | undefined {
  const given = values[name];
  const found = choices.find((choice) => choice === given);
  if (given === undefined || found) return found;
  throw new UsageError(`--${name}: expected ${choices.join(' or ')}, got '${given}'`);
}
