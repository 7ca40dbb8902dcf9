/** Errors: messages made of their parts, which are fields; and causes, which are never lost. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  ArgumentError,
  closedError,
  DeviceError,
  DivergedError,
  EnvironmentError,
  errorWithin,
  FormatError,
  KernelError,
  KoalarizeError,
  ShapeError,
} from '../../src/runtime/errors.ts';

const parts = { where: 'feed', expected: '[2, 3]', got: '[6]', hint: 'reshape it' };
const classes = { ArgumentError, DeviceError, EnvironmentError, FormatError, KernelError, ShapeError };

test.each(Object.entries(classes))('%s is made of its parts', (name, SomeError) => {
  const cause = new Error('other');
  const error = new SomeError(parts, { cause });
  expect(error).toMatchObject({ ...parts, name, cause, message: 'feed: expected [2, 3], got [6] – reshape it' });
  expect(error).toBeInstanceOf(KoalarizeError);
  expect(new SomeError({ ...parts, got: 6, hint: undefined }).message).toBe('feed: expected [2, 3], got 6');
  expect(new SomeError({ ...parts, got: 6 }).got).toBe('6');
  expect(new SomeError({ expected: 'one', got: 'none' }).message).toBe('expected one, got none');
  const bare = new SomeError('does not compile');
  expect([bare.message, bare.where, bare.expected, bare.got, bare.hint]).toEqual(['does not compile', ...Array(4)]);
});

test('the parts of an error are not printed beside its message', () => {
  expect(inspect(new ShapeError(parts))).not.toContain('where');
});

test('what diverged and what is closed have parts, too', () => {
  const diverged = new DivergedError(7, 'NaN as the loss');
  expect(diverged).toMatchObject({ step: 7, where: 'step 7', got: 'NaN as the loss', hint: expect.any(String) });
  expect(closedError('model a.onnx', 'load it again').message).toBe(
    'model a.onnx: expected an open one, got a closed one – load it again',
  );
});

test('an error within a place is of its class, with its parts, and has the first one as its cause', () => {
  const inner = new ShapeError(parts);
  const outer = errorWithin('a.onnx', inner);
  expect(outer).toBeInstanceOf(ShapeError);
  expect(outer).toMatchObject({ ...parts, where: 'a.onnx: feed', cause: inner });
  expect(errorWithin('a.onnx', new FormatError({ expected: 'one', got: 'none' })).message).toBe(
    'a.onnx: expected one, got none',
  );
  expect(errorWithin('a.onnx', new FormatError('no parts'))).toMatchObject({ message: 'a.onnx: no parts' });
});

/** What stands between the parenthesis or brace at `from` and the one that closes it. */
function enclosed(source: string, from: number): string {
  let depth = 0;
  for (let at = from; at < source.length; at++) {
    if ('({'.includes(source[at]!)) depth++;
    if (')}'.includes(source[at]!) && --depth === 0) return source.slice(from, at);
  }
  throw new Error('unbalanced');
}

test('whoever catches an error and throws another names it as the cause', () => {
  const root = resolve(import.meta.dirname, '../..');
  let found = 0;
  for (const folder of ['src', 'web']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const source = readFileSync(join(root, folder, file), 'utf8');
      for (const { index, 0: begin } of source.matchAll(/catch \([\w: ]+\) \{|\.catch\(\(?[\w: .]*\)? => \{/g)) {
        const block = enclosed(source, index + begin.length - 1);
        for (const made of block.matchAll(/throw new (?!UsageError)\w*Error\(/g)) {
          found++;
          const call = enclosed(block, made.index + made[0].length - 1);
          expect(call, `${folder}/${file}: ${made[0]}`).toContain('cause');
        }
      }
    }
  }
  expect(found).toBeGreaterThan(10);
});
