/** Options are read as they are declared, and what they do not take is told with what they do. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import { parseArguments } from '../../../bench/options.ts';
import {
  flag,
  integer,
  list,
  number,
  type Option,
  oneOf,
  parsed,
  parseOptions,
  path,
  several,
  someOf,
  text,
} from '../../../src/cli/shared/options.ts';

/** The value of `--it GIVEN`. */
function read<T>(it: Option<T>, ...given: string[]): T | undefined {
  const { help, ...rest } = parseOptions({ it }, given.length > 0 ? ['--it', ...given] : []);
  if (help || !('values' in rest)) throw new Error('help was not asked for');
  return rest.values.it as T | undefined;
}

test('each kind of option has a value of its type, and none where it is not given', () => {
  expect(read(flag())).toBeUndefined();
  expect(parseOptions({ it: flag() }, ['--it'])).toEqual({ help: false, values: { it: true }, words: [] });
  expect(read(text(), 'GeForce RTX')).toBe('GeForce RTX');
  expect(read(path({ endings: ['.html', '.htm'] }), 'a/b.HTM')).toBe('a/b.HTM');
  expect(read(integer(0, 10), '10')).toBe(10);
  expect(read(integer(16, Number.POSITIVE_INFINITY, 8), '24')).toBe(24);
  expect(read(number({ above: 0 }), '1e-3')).toBe(0.001);
  expect(read(number({ least: -1, most: 1 }), '-.5')).toBe(-0.5);
  expect(read(oneOf(['f32', 'f16']), 'f16')).toBe('f16');
  expect(read(oneOf([1, 2, 4]), '4')).toBe(4);
  expect(read(someOf(['a', 'b', 'c']), 'c, a')).toEqual(['c', 'a']);
  expect(read(list(integer(1, 9)), '3,1,3')).toEqual([3, 1, 3]);
  expect(parseOptions({ it: several(path()) }, ['--it', 'a', '--it=b'])).toMatchObject({ values: { it: ['a', 'b'] } });
});

test('values have the types that were declared', () => {
  const line = parseOptions({ size: integer(1, 9), kind: oneOf(['a', 'b']), all: flag(), val: several(text()) }, []);
  if (line.help) throw new Error('help was not asked for');
  expectTypeOf(line.values.size).toEqualTypeOf<number | undefined>();
  expectTypeOf(line.values.kind).toEqualTypeOf<'a' | 'b' | undefined>();
  expectTypeOf(line.values.all).toEqualTypeOf<boolean | undefined>();
  expectTypeOf(line.values.val).toEqualTypeOf<readonly string[] | undefined>();
  expect(line.values).toEqual({});
});

describe('what is not taken is refused with the option, what it takes, and what it got', () => {
  test('each in a field of its own', () => {
    const parts = { where: '--it', expected: 'a whole number from 1 to 9', got: "'10'" };
    expect(() => read(integer(1, 9), '10')).toThrow(expect.objectContaining(parts));
  });

  test.each<[string, Option<unknown>, string]>([
    ["--it: expected a whole number from 1 to 9, got '10'", integer(1, 9), '10'],
    ["--it: expected a whole number from 1 to 9, got '1.5'", integer(1, 9), '1.5'],
    ["--it: expected a whole number from 1 to 9, got ''", integer(1, 9), ''],
    ["--it: expected a whole number from 1 to 9, got '-3'", integer(1, 9), '-3'],
    ["--it: expected a whole number above 0, got '0'", integer(1, Number.POSITIVE_INFINITY), '0'],
    ["--it: expected a multiple of 8 from 16 to 64, got '20'", integer(16, 64, 8), '20'],
    ["--it: expected a number from 0 to 1, got '1.01'", number({ least: 0, most: 1 }), '1.01'],
    ["--it: expected a number from 0, got 'Infinity'", number({ least: 0 }), 'Infinity'],
    ["--it: expected a number above 0, got '0'", number({ above: 0 }), '0'],
    ["--it: expected a number above 0, got ' '", number({ above: 0 }), ' '],
    ["--it: expected constant or cosine, got 'step'", oneOf(['constant', 'cosine']), 'step'],
    ["--it: expected 1, 2 or 4, got '3'", oneOf([1, 2, 4]), '3'],
    ["--it: expected a, b or c, with commas between, got 'a,d'", someOf(['a', 'b', 'c']), 'a,d'],
    ["--it: expected a name that ends in .html .htm, got 'x.txt'", path({ endings: ['.html', '.htm'] }), 'x.txt'],
    ["--it: expected two numbers, got 'x'", parsed('two numbers', () => undefined), 'x'],
  ])('%s', (message, option, given) => {
    expect(() => read(option, given)).toThrow(message);
  });
});

describe('a command line', () => {
  const options = { output: path({ short: 'o' }), lr: number({ above: 0 }), range: text(), seed: integer(0, 9) };
  const parse = (...argv: string[]) => parseOptions(options, argv);

  test('may have options and words in any order, and short names', () => {
    expect(parse('a', '-o', 'x', 'b', '--lr=2')).toEqual({
      help: false,
      values: { output: 'x', lr: 2 },
      words: ['a', 'b'],
    });
  });

  test('may have negative numbers as values, though they begin with a dash', () => {
    expect(parse('--range', '-1,1', 'x')).toMatchObject({ values: { range: '-1,1' }, words: ['x'] });
    expect(() => parse('--lr', '-1')).toThrow("--lr: expected a number above 0, got '-1'");
  });

  test('that asks for help need not be right otherwise', () => {
    expect(parse('--lr', 'none', '-h')).toEqual({ help: true });
    expect(parse('--help')).toEqual({ help: true });
  });

  test.each([
    ["Unknown option '--sede' – did you mean '--seed'?", ['--sede', '3']],
    ["Unknown option '--nothing'", ['--nothing']],
    ["Option '-o, --output <value>' argument missing", ['-o']],
  ])('%s', (message, argv) => {
    let got = '';
    try {
      parse(...argv);
    } catch (error) {
      got = (error as Error).message;
    }
    expect(got).toBe(message);
  });
});

describe('the benchmark', () => {
  test('has its defaults, and what is given', () => {
    expect(parseArguments([])).toMatchObject({ batch: 1, adapter: 'auto', quick: false, network: '', tune: false });
    expect(parseArguments(['--quick'])!.groups).not.toContain('inception');
    expect(parseArguments(['--only', 'step,conv', '--rounds', '4'])).toMatchObject({
      groups: ['step', 'conv'],
      rounds: { least: 4, most: 4 },
    });
    expect(parseArguments(['--help'])).toBeUndefined();
  });

  test('refuses the rest', () => {
    expect(() => parseArguments(['--only', 'all'])).toThrow(/^--only: expected conv, forward, .* or photograph/);
    expect(() => parseArguments(['--batch', '0'])).toThrow("--batch: expected a whole number above 0, got '0'");
    expect(() => parseArguments(['conv'])).toThrow("expected options alone, got 'conv'");
  });
});
