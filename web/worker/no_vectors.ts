/**
 * Stands in the page's bundle for src/model/extractor.ts, and with it for what asks classifiers for a vector. `Engine`
 * refuses weights that need one before it could be asked for.
 */
import { FormatError } from '../../src/runtime/errors.ts';

export const Extractor = {
  open(): never {
    throw new FormatError({
      where: 'extractor',
      expected: 'weights that need no vector',
      got: 'ones that do',
      hint: 'use the command line',
    });
  },
};
