import { expect, test } from 'vitest';
import { isLfsPointer } from '../../src/runtime/lfs_pointer.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

test('a Git LFS pointer is told by its first line', () => {
  const pointer =
    'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22ea\nsize 12345\n';
  expect(isLfsPointer(utf8(pointer))).toBe(true);
  for (const other of ['', 'version', 'version https://example.com/spec/v1', ` ${pointer}`])
    expect(isLfsPointer(utf8(other)), other).toBe(false);
});
