/** Git LFS pointers: the small text that stands where a large file should be, until `git lfs pull` fetches it. */

/** How every pointer begins. Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const BEGINNING = 'version https://git-lfs.github.com/spec/v1';

/** Whether a file's bytes are a pointer, not the file itself. */
export function isLfsPointer(bytes: Uint8Array): boolean {
  for (let i = 0; i < BEGINNING.length; i++) if (bytes[i] !== BEGINNING.charCodeAt(i)) return false;
  return true;
}
