/**
 * Winners that the tuner remembers: which algorithm was the fastest for which convolution, on which device. Pure
 * data.
 */

/** Names of algorithms by `keyOf` a task. */
export type Winners = ReadonlyMap<string, string>;

const FORMAT = 1;

/** Writes winners as JSON, in the order of their keys, for the device named `identity`. */
export function encodeWinners(identity: string, winners: Winners): string {
  const sorted = Object.fromEntries([...winners].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ format: FORMAT, identity, winners: sorted }, null, 1)}\n`;
}

/** Reads what `encodeWinners` wrote; nothing from what is damaged, or of another device: it only saves time. */
export function decodeWinners(identity: string, json: string | undefined): Map<string, string> {
  try {
    const file = JSON.parse(json ?? '{}') as { format?: unknown; identity?: unknown; winners?: object };
    if (file.format !== FORMAT || file.identity !== identity) return new Map();
    const entries = Object.entries(file.winners ?? {}) as [string, unknown][];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return new Map();
  }
}

/** A number of 16 hexadecimal digits that tells texts apart (FNV-1a, twice 32 bits); not for secrets. */
export function fingerprint(text: string): string {
  let [low, high] = [0x811c9dc5, 0x050c5d1f];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code ^ (low >>> 24), 0x01000193);
  }
  return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
