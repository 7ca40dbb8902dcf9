/**
 * Stands in the page's bundle for src/model/extractor.ts, and with it for everything that reads ONNX. `Engine` refuses
 * weights that need an extractor before it could be asked for.
 */
import { FormatError } from '../src/runtime/errors.ts';

export const Extractor = {
  open(): never {
    throw new FormatError('extractor: expected weights that need none, got ones that do – use the command line');
  },
};
