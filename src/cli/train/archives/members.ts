/** Members of a tar archive, found without reading their contents. */
import type { FileHandle } from 'node:fs/promises';
import { decodePax, decodeTarHeader, type PaxValues, TAR_BLOCK } from '../../../formats/tar.ts';
import { FormatError } from '../../../runtime/errors.ts';

/** Bytes read at once: small pictures share a read, and of large ones the rest is passed over. */
const CHUNK = 1 << 18;

/** Where the content of a file in an archive lies. */
export interface Member {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/**
 * Visits the files of an archive, in order.
 *
 * @throws FormatError for what is no archive, or one that is cut short
 */
export async function eachMember(file: FileHandle, where: string, visit: (member: Member) => void): Promise<void> {
  const { size: end } = await file.stat();
  const chunk = new Uint8Array(CHUNK);
  let from = 0;
  let held = 0;
  const bytes = async (at: number, length: number) => {
    if (at < from || at + length > from + held) {
      const into = length > CHUNK ? new Uint8Array(length) : chunk;
      const { bytesRead } = await file.read(into, 0, into.length, at);
      if (bytesRead < length) throw cutShort(where, end);
      if (into !== chunk) return into;
      [from, held] = [at, bytesRead];
    }
    return chunk.subarray(at - from, at - from + length);
  };
  let told: PaxValues = {};
  for (let at = 0; at < end; ) {
    const header = decodeTarHeader(await bytes(at, TAR_BLOCK), where);
    if (!header) return;
    const offset = at + TAR_BLOCK;
    const size = (header.kind === 'file' ? told.size : undefined) ?? header.size;
    at = offset + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
    if (offset + size > end) throw cutShort(where, end);
    if (header.kind === 'pax') told = { ...told, ...decodePax(await bytes(offset, size)) };
    else if (header.kind === 'name') {
      const name = new TextDecoder().decode(await bytes(offset, size)).replace(/\0.*$/s, '');
      told = { ...told, name };
    } else {
      if (header.kind === 'file') visit({ name: told.name ?? header.name, offset, size });
      told = {};
    }
  }
}

function cutShort(where: string, size: number): FormatError {
  return new FormatError({
    where,
    expected: 'a whole tar archive',
    got: `one cut short after ${size} bytes`,
    hint: 'fetch it again',
  });
}
