/** External data: tensors whose numbers lie in files beside the model. */
import { FormatError } from '../runtime/errors.ts';

/**
 * Checks that a location names a file in the model's folder or below it. What symbolic links there point to is not seen.
 *
 * @throws FormatError for absolute paths, `..`, backslashes, URLs and empty names.
 */
export function checkLocation(location: string, where: string): string {
  const segments = location.split('/');
  const foreign = /[\\\0]|^[a-z][a-z0-9+.-]*:/i.test(location);
  if (!foreign && segments.every((segment) => segment !== '' && segment !== '..')) return location;
  const got = JSON.stringify(location.slice(0, 100));
  throw new FormatError({ where, expected: "external data in a file below the model's folder", got });
}

/**
 * Finds a tensor's bytes in its external file.
 *
 * @param entries `location`, `offset` (0 where left out) and `length` (the rest), as the tensor has them
 * @param files by location
 * @throws FormatError when there is no such file, or the bytes are past its end.
 */
export function externalBytes(
  entries: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, Uint8Array>,
  where: string,
): Uint8Array {
  const location = checkLocation(entries.get('location') ?? '', where);
  const file = files.get(location);
  if (!file) {
    const expected = `its numbers in '${location}', where the model's weights are stored`;
    const remedy = `give that file's bytes as external['${location}'], or load the model from a path beside it`;
    throw new FormatError({ where, expected, got: 'no such file', hint: remedy });
  }
  const offset = integer('offset') ?? 0;
  const length = integer('length') ?? file.length - offset;
  if (length >= 0 && offset + length <= file.length) return file.subarray(offset, offset + length);
  throw new FormatError({
    where,
    expected: `external data within the ${file.length} bytes of '${location}'`,
    got: `${length} from ${offset} on`,
  });

  function integer(key: string): number | undefined {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw new FormatError({ where, expected: `external data's ${key} in bytes`, got: `'${text.slice(0, 30)}'` });
  }
}
