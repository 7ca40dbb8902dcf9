/** What a ledger says of many outputs, kept in a few bytes each. */
import { createHash } from 'node:crypto';
import { readLedger } from '../ledger/file.ts';
import type { Recipe } from '../ledger/line.ts';

/** Of an output: its file was made so; it could not be made; or nothing that still holds. */
export type Known = 'done' | 'failed' | undefined;

const STATES: readonly Known[] = [undefined, 'done', 'failed'];

/**
 * Reads what the ledger of `folder` says of outputs, of each the latest.
 *
 * @param recipe what is not made with it does not count
 * @throws EnvironmentError where the ledger cannot be read
 */
export async function readKnown(folder: string, recipe: Recipe): Promise<(output: string) => Known> {
  const wanted = JSON.stringify(recipe);
  // Time and state in one number.
  const latest = new Map<number, number>();
  await readLedger(folder, (line) => {
    const { result, output } = line;
    const isSame = result !== 'redo' && JSON.stringify(line.recipe) === wanted;
    const state: Known = !isSame ? undefined : result === 'failed' ? 'failed' : 'done';
    const packed = Date.parse((line as { time?: string }).time ?? '') * STATES.length + STATES.indexOf(state);
    const key = keyOf(output.path);
    if (packed >= (latest.get(key) ?? 0)) latest.set(key, packed);
    return false;
  });
  return (output) => STATES[(latest.get(keyOf(output)) ?? 0) % STATES.length];
}

/** 52 bits of a hash: of ten million paths no two are likely to have the same. */
function keyOf(path: string): number {
  const digest = createHash('sha256').update(path).digest();
  return digest.readUIntBE(0, 6) * 16 + (digest[6]! >> 4);
}
