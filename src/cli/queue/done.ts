/** What a ledger says of many outputs, kept in a few bytes each. */
import { readLedger } from '../ledger/file.ts';
import type { Recipe } from '../ledger/line.ts';
import { pathKey } from '../paths/key.ts';
import type { FileStore } from '../storage/store.ts';

/** Of an output: its file was made so; it could not be made; or nothing that still holds. */
export type Known = 'done' | 'failed' | undefined;

const STATES: readonly Known[] = [undefined, 'done', 'failed'];

/**
 * Reads what the ledger of a folder or bucket says of outputs, of each the latest.
 *
 * @param recipe what is not made with it does not count
 * @throws EnvironmentError where the ledger cannot be read
 */
export async function readKnown(store: FileStore, recipe: Recipe): Promise<(output: string) => Known> {
  const wanted = JSON.stringify(recipe);
  // Time and state in one number.
  const latest = new Map<number, number>();
  await readLedger(store, (line) => {
    const { result, output } = line;
    const isSame = result !== 'redo' && JSON.stringify(line.recipe) === wanted;
    const state: Known = !isSame ? undefined : result === 'failed' ? 'failed' : 'done';
    const packed = Date.parse((line as { time?: string }).time ?? '') * STATES.length + STATES.indexOf(state);
    const key = pathKey(output.path);
    if (packed >= (latest.get(key) ?? 0)) latest.set(key, packed);
    return false;
  });
  return (output) => STATES[(latest.get(pathKey(output)) ?? 0) % STATES.length];
}
