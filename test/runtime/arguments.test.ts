import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import * as koalarize from '../../src/index.ts';
import { expectOptions, isKind, kindOf } from '../../src/runtime/arguments.ts';
import { nearest } from '../../src/runtime/nearest.ts';

test.each([
  [new Float32Array(1), 'Float32Array'],
  [Buffer.alloc(1), 'Uint8Array'],
  [new DataView(new ArrayBuffer(1)), 'DataView'],
  [runInNewContext('new Uint16Array(1)'), 'Uint16Array'],
  [new ArrayBuffer(1), 'ArrayBuffer'],
  [new URL('file:///x'), 'URL'],
  [[1], 'an array'],
  [{}, 'an object'],
  [Object.create(null), 'an object'],
  ['x', 'a string'],
  [1, 'a number'],
  [() => 1, 'a function'],
  [null, 'null'],
  [undefined, 'undefined'],
])('%o is %s', (value, kind) => {
  expect(kindOf(value)).toBe(kind);
  expect(isKind(value, 'Int8Array', kind)).toBe(true);
  expect(isKind(value, 'Int8Array')).toBe(false);
});

test('the nearest word is named, if there is one', () => {
  const known = ['strength', 'upsampling', 'renderSize', 'quality'];
  expect(nearest('strenght', known)).toBe('strength');
  expect(nearest('rendersize', known)).toBe('renderSize');
  expect(nearest('render_size', known)).toBe('renderSize');
  expect(nearest('Quality', known)).toBe('quality');
  expect(nearest('color', known)).toBeUndefined();
  expect(nearest('', known)).toBeUndefined();
});

test('options that exist, or none, are fine', () => {
  expectOptions('f', undefined, ['a']);
  expectOptions('f', {}, ['a']);
  expectOptions('f', { a: undefined }, ['a']);
  expect(() => expectOptions('f', { b: undefined }, ['a'])).toThrow("f: expected an option that exists, got 'b'");
});

/** Every asynchronous function of the package. */
const calls: Record<string, (...garbage: never[]) => unknown> = {
  'Gpu.open': koalarize.Gpu.open,
  'Colorizer.load': koalarize.Colorizer.load,
  'Extractor.open': koalarize.Extractor.open,
  'Trainer.create': koalarize.Trainer.create,
  loadOnnx: koalarize.loadOnnx,
  compile: koalarize.compile,
  record: koalarize.record,
  recordOne: koalarize.recordOne,
  train: (options: never) => koalarize.train(options).next(),
  readState: koalarize.readState,
};

test.each(Object.entries(calls))('%s rejects what makes no sense, and never throws', async (_, call) => {
  for (const garbage of [[null], [3, null, 'x'], ['x', {}, null], [{ gpu: 3, constructor: 1 }, null]]) {
    const outcome = call(...(garbage as never[]));
    expect(outcome).toBeInstanceOf(Promise);
    await expect(outcome).rejects.toBeInstanceOf(Error);
  }
});

test('what is asynchronous in the package is in this list', () => {
  const isAsync = (value: unknown) => /^(static )?async /.test(String(value));
  const found = Object.entries(koalarize).flatMap(([name, value]) => [
    ...(isAsync(value) ? [name] : []),
    ...Object.getOwnPropertyNames(value)
      .filter((key) => isAsync(Object.getOwnPropertyDescriptor(value, key)!.value))
      .map((key) => `${name}.${key}`),
  ]);
  expect(found.sort()).toEqual(Object.keys(calls).sort());
});
