/** Values that belong to an object are made once, and again for another object. */
import { expect, test } from 'vitest';
import { onceFor } from '../../src/util/once_for.ts';

test('each object has one value, undefined too', () => {
  let made = 0;
  const of = onceFor((owner: { name: string }) => (owner.name === 'none' ? void made++ : `${owner.name} ${made++}`));
  const [a, b, none] = [{ name: 'a' }, { name: 'a' }, { name: 'none' }];
  expect([of(a), of(b), of(a), of(none), of(none)]).toEqual(['a 0', 'a 1', 'a 0', undefined, undefined]);
  expect(made).toBe(3);
});

test('what failed is tried again', () => {
  let tries = 0;
  const of = onceFor((_: object) => {
    if (++tries === 1) throw new Error('not yet');
    return tries;
  });
  const owner = {};
  expect(() => of(owner)).toThrow('not yet');
  expect(of(owner)).toBe(2);
});
