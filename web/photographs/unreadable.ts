/** Reasons why a browser could not read a file, by its first bytes, and what to do. */
import { FormatError } from '../../src/runtime/errors.ts';

/** Bytes that tell kinds apart. */
const ENOUGH = 256;

/**
 * Tells it.
 *
 * @param name is for messages
 * @param cause what the decoder said
 */
export async function whyUnreadable(file: Blob, name: string, cause: Error): Promise<FormatError> {
  const start = await startOf(file);
  if (start === undefined) return changedFile(name);
  const expected = `${name}: expected a picture that this browser can read, got`;
  const say = (got: string, todo = 'give an undamaged JPEG, PNG or WebP') =>
    new FormatError(`${expected} ${got} – ${todo}`);
  if (start === '') return say('an empty file');
  if (/^(II\*\0|MM\0\*)/.test(start)) {
    return say('TIFF', 'open this page in Safari, use the command line, or save the picture as PNG');
  }
  // Loaded on demand: most pictures can be read.
  const { foreignKind, HEIC } = await import('../../src/image/file/kinds.ts');
  const kind = foreignKind(Uint8Array.from(start, (character) => character.charCodeAt(0)));
  if (kind === HEIC) {
    return say(
      'HEIC, as iPhones take them',
      'open this page in Safari 17 or newer, which reads it, or save the picture as JPEG',
    );
  }
  if (kind) return say(kind.what, kind.todo);
  if (/^[\t\n\r\x20-\x7e]+$/.test(start) && !/<svg|<\?xml/.test(start)) return say('text');
  if (file.type.startsWith('image/')) return say(`one that it can't ('${cause.message}')`);
  return say(file.type ? `a file of type ${file.type}` : 'a file of unknown type');
}

/** The message for a file that is not any more what was chosen. */
export function changedFile(name: string): FormatError {
  return new FormatError({
    where: name,
    expected: 'the file as it was when it was chosen',
    got: 'one that has been changed, moved or removed since, or a folder',
    hint: 'choose it again',
  });
}

/** The first bytes, one character each; undefined where nothing can be read. */
async function startOf(file: Blob): Promise<string | undefined> {
  try {
    return String.fromCharCode(...new Uint8Array(await file.slice(0, ENOUGH).arrayBuffer()));
  } catch {
    return undefined;
  }
}
