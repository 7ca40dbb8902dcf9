import { expect, test } from 'vitest';
import { withFormerNames, withPresentNames } from '../../../src/cli/shared/former_names.ts';

test('renamed fields are written under both names, at any depth, and read by either', () => {
  const report = { step: 3, list: [{ meanColor: { a: 1 } }], colorfulness: [2], none: null };
  expect(withFormerNames(report)).toEqual({
    step: 3,
    list: [{ meanColor: { a: 1 }, meanColour: { a: 1 } }],
    colorfulness: [2],
    colourfulness: [2],
    none: null,
  });
  expect(withPresentNames({ step: 1, meanColour: 2 })).toEqual({ step: 1, meanColor: 2 });
  expect(withPresentNames({ meanColor: 2, meanColour: 2 })).toEqual({ meanColor: 2 });
});
