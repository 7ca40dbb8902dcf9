/** SHA-256 of big files, without a second copy of them where that can be had. */

/** Computes the SHA-256 of bytes, in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // Web Crypto copies what it digests; Node's own module does not. It is asked for at run time, for browsers' sake.
  const node = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:crypto');
  if (node) return node.createHash('sha256').update(bytes).digest('hex');
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Computes the SHA-256 of several files: of the first, or, of more than one, of their digests one after the other.
 */
export async function sha256OfFiles(files: readonly Uint8Array[]): Promise<string> {
  const digests: string[] = [];
  for (const file of files) digests.push(await sha256(file));
  if (digests.length === 1) return digests[0]!;
  return sha256(Uint8Array.from(digests.join('').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
}
