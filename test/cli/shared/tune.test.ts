/** `--tune` as a user meets it: measured once, remembered in the cache folder, and said when a run goes on otherwise. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { colorizeCommand } from '../../../src/cli/colorize/index.ts';
import { tuning } from '../../../src/cli/shared/tune.ts';
import { train } from '../../../src/cli/train/index.ts';
import { cacheFolder } from '../../../src/runtime/tuning_store/file.ts';
import { writePictures } from '../../support/pictures.ts';
import { writeTestWeights } from '../../support/run.ts';

const MEASURED = /^tuning {3}\d+ convolutions measured in [0-9.]+ s$/m;
/** The rate does not depend on how far a run is to go. */
const SMALL = ['--size', '32', '--batch', '2', '--width-divisor', '16', '--val-count', '0', '--lr-decay', 'constant'];

let root: string;
let photos: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-tune-'));
  photos = join(root, 'photos');
  await writePictures(photos, 8);
  // The driver keeps its own: without it, compiling takes a minute.
  vi.stubEnv('MESA_SHADER_CACHE_DIR', process.env.XDG_CACHE_HOME || join(homedir(), '.cache'));
  for (const name of ['HOME', 'XDG_CACHE_HOME', 'LOCALAPPDATA']) vi.stubEnv(name, join(root, 'cache'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** Runs a command here; what it says. */
async function call(command: (argv: string[]) => Promise<number>, ...argv: string[]): Promise<string> {
  let text = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  try {
    expect(await command(argv), text).toBe(0);
    return text;
  } finally {
    spy.mockRestore();
  }
}

const config = async (run: string) => JSON.parse(await readFile(join(run, 'config.json'), 'utf8'));
/** The bundled driver is unpacked into the same folder. */
const tables = async () => {
  const files = await readdir(cacheFolder(process.platform, process.env)).catch(() => []);
  return files.filter((file) => file.endsWith('.json'));
};

test('training measures once, remembers, and goes on to the bit', async () => {
  const [plain, one, two] = [join(root, 'plain'), join(root, 'one'), join(root, 'two')];
  expect(await call(train, photos, '--out', plain, ...SMALL, '--steps', '2')).not.toContain('tuning');
  expect((await config(plain)).tuning).toBeUndefined();
  expect(await tables()).toEqual([]);

  expect(await call(train, photos, '--out', one, ...SMALL, '--steps', '2', '--tune')).toMatch(MEASURED);
  expect(await config(one)).toMatchObject({ tuning: expect.stringMatching(/^[0-9a-f]{16}$/), runtime: { tune: true } });
  expect(await tables()).toHaveLength(1);

  expect(await call(train, '--out', one, '--resume', '--steps', '4')).not.toContain('tuning');
  expect(await call(train, photos, '--out', two, ...SMALL, '--steps', '4', '--tune')).not.toContain('tuning');
  const weights = (run: string) => readFile(join(run, 'checkpoints/step-000004.safetensors'));
  expect((await weights(one)).equals(await weights(two))).toBe(true);
});

test('a run that goes on with other algorithms says so, once', async () => {
  const run = join(root, 'other');
  await call(train, photos, '--out', run, ...SMALL, '--steps', '2');
  const said = 'tuning   other algorithms than before: from here on it is not bit-identical\n';
  expect(await call(train, '--out', run, '--resume', '--steps', '3', '--tune')).toContain(said);
  expect(await call(train, '--out', run, '--resume', '--steps', '4')).not.toContain('other algorithms');
  await writeFile(join(run, 'config.json'), JSON.stringify({ ...(await config(run)), tuning: '0123456789abcdef' }));
  expect(await call(train, '--out', run, '--resume', '--steps', '5')).toContain(said);
});

test('coloring measures for a new size of picture', async () => {
  const weights = join(root, 'weights.safetensors');
  await writeTestWeights(weights);
  const [name] = await readdir(photos);
  const color = (size: number) => {
    const to = ['-o', join(root, `${size}.png`), '--weights', weights, '--render-size', `${size}`];
    return call(colorizeCommand, join(photos, name!), ...to, '--tune');
  };
  expect(await color(32)).toMatch(MEASURED);
  expect(await color(32)).not.toContain('tuning');
  expect(await color(40)).toMatch(MEASURED);
});

test('a terminal sees what is measured, on one line', () => {
  let text = '';
  const out = { isTTY: true, columns: 40, write: (part: string) => (text += part) };
  const { progress, warn } = tuning(out as unknown as NodeJS.WriteStream);
  progress!(0, 2, `forward ${'x'.repeat(100)}`);
  warn!('tuning: oh');
  progress!(1, 2, 'weightGrad');
  progress!(2, 2, '');
  const lines = text.split('\r\x1b[K').slice(1);
  expect(lines[0]).toMatch(/^tuning {3}1\/2 {2}forward x+$/);
  expect(lines[0]!.length).toBeLessThan(40);
  expect(lines.slice(1, 3)).toEqual(['tuning: oh\n', 'tuning   2/2  weightGrad']);
  expect(lines[3]).toMatch(MEASURED);
});
