/** Keys of paths: numbers in their place, where there are many. */
import { createHash } from 'node:crypto';

/** 52 bits of SHA-256: of ten million paths no two are likely to have the same. */
export function pathKey(path: string): number {
  const digest = createHash('sha256').update(path).digest();
  return digest.readUIntBE(0, 6) * 16 + (digest[6]! >> 4);
}
