/** Coloring that costs no device: the answer is a hash of what was asked, so that a test knows what is right. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Color } from '../../../src/cli/serve/color.ts';
import { FormatError } from '../../../src/runtime/errors.ts';

/** What the stub makes of a body. */
export function answerTo(body: Uint8Array, strength = 1): string {
  return `${createHash('sha256').update(body).digest('hex')} ${strength}`;
}

/** Bodies that begin so are pictures that are damaged; their kind is known by the two bytes before. */
export const BROKEN = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(' broken')]);

/** @param ms that each takes */
export function stub(ms: number): Color {
  return async (body, { apply, format = 'png' }, gone) => {
    await wait(ms);
    gone.throwIfAborted();
    if (Buffer.from(body).subarray(0, BROKEN.length).equals(BROKEN)) {
      throw new FormatError({ where: 'picture', expected: 'a whole image', got: 'half of one', hint: 'get another' });
    }
    if (Buffer.from(body).toString().startsWith('fault')) throw new TypeError('secret of the inside');
    const warnings = format === 'gif' ? ['picture: Δ is “not” ASCII'] : [];
    const neutral = format === 'webp' ? { border: [1, 2, 3, 4], corners: [5, 6] } : {};
    return { bytes: Buffer.from(answerTo(body, apply.strength)), format, width: 20, height: 10, warnings, ...neutral };
  };
}
