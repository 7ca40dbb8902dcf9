/** Git LFS pointers: the few lines that stand for a large file where Git LFS did not fetch it. */

const FIRST_LINE = 'version https://git-lfs.github.com/spec/';

/** Tells whether `bytes` are a Git LFS pointer and not the file it points to. */
export function isLfsPointer(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, FIRST_LINE.length)) === FIRST_LINE;
}
