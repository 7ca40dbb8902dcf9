/** Blocks of GIF files: comments, read and put into a file. Of the specification, GIF89a. */
import { concat, utf8OrLatin } from './bytes.ts';

const EXTENSION = 0x21;
const COMMENT = 0xfe;
const IMAGE = 0x2c;
/** The most bytes of a sub-block. */
const MOST = 255;

/** Reads the comments of a file; of a damaged one those before the damage. */
export function readGifComments(file: Uint8Array): string[] {
  const comments: string[] = [];
  let at = firstBlock(file);
  while (at < file.length) {
    const kind = file[at];
    if (kind === EXTENSION) {
      const isComment = file[at + 1] === COMMENT;
      const { parts, end } = subBlocks(file, at + 2);
      if (isComment && end <= file.length) comments.push(utf8OrLatin(concat(parts)));
      at = end;
    } else if (kind === IMAGE) {
      const flags = file[at + 9] ?? 0;
      // Descriptor, local color table, code size, data.
      at = subBlocks(file, at + 10 + tableBytes(flags) + 1).end;
    } else break;
  }
  return comments;
}

/** Puts comments into a file, before its first block. */
export function insertGifComments(file: Uint8Array, comments: readonly string[]): Uint8Array {
  const at = firstBlock(file);
  const blocks = comments.map((text) => {
    const bytes = new TextEncoder().encode(text);
    const parts: Uint8Array[] = [Uint8Array.of(EXTENSION, COMMENT)];
    for (let from = 0; from < bytes.length; from += MOST) {
      const part = bytes.subarray(from, from + MOST);
      parts.push(Uint8Array.of(part.length), part);
    }
    return concat([...parts, Uint8Array.of(0)]);
  });
  // Comments are of version 89a.
  return concat([new TextEncoder().encode('GIF89a'), file.subarray(6, at), ...blocks, file.subarray(at)]);
}

/** Where blocks begin: behind header, screen descriptor and global color table. */
function firstBlock(file: Uint8Array): number {
  return 13 + tableBytes(file[10] ?? 0);
}

/** Bytes of the color table that the flags of a descriptor announce. */
function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** The sub-blocks at `at`, and where what follows them begins: behind the file's end where their end is missing. */
function subBlocks(file: Uint8Array, at: number): { parts: Uint8Array[]; end: number } {
  const parts: Uint8Array[] = [];
  for (let next = at; next < file.length; ) {
    const length = file[next]!;
    if (length === 0) return { parts, end: next + 1 };
    parts.push(file.subarray(next + 1, next + 1 + length));
    next += 1 + length;
  }
  return { parts, end: file.length + 1 };
}
