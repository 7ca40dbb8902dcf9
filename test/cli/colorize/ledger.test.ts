/** Shards and ledger of the colorize command: each picture once, whoever does it, and again only where it must be. */
import { execFile, spawn } from 'node:child_process';
import { appendFile, copyFile, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { colorizeCommand } from '../../../src/cli/colorize/index.ts';
import { readLedger } from '../../../src/cli/ledger/file.ts';
import { type DoneLine, identityOf } from '../../../src/cli/ledger/line.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { verifyCommand } from '../../../src/cli/verify/index.ts';
import { sha256 } from '../../../src/onnx/sha256.ts';
import { built } from '../../support/built.ts';
import { writePicture } from '../../support/pictures.ts';
import { captured, temporaryFolder, visible, writeTestWeights } from '../../support/run.ts';

const NAMES = [
  'a.png',
  'a.webp',
  'a.tif',
  'b.jpg',
  'c.avif',
  'd.png',
  'é 1.jpg',
  'sub/a.png',
  'sub/deep/e.jpg',
  'sub/f.png',
];
const SHARDS = 7;
/** As docs/scale.md has them, with the exit code for one process whose picture failed. */
const FOUR_AT_ONCE = {
  xargs: { line: (call: string) => `seq 0 3 | xargs -P 4 -I{} ${call} --shard {}/4`, code: 123 },
  parallel: { line: (call: string) => `parallel -j 4 ${call} --shard {}/4 ::: 0 1 2 3`, code: 1 },
};

let folder: string;
let photos: string;
let weights: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  photos = join(folder, 'photos');
  weights = join(folder, 'weights.safetensors');
  await writeTestWeights(weights);
  for (const [i, name] of NAMES.entries()) await writePicture(join(photos, name), i, 40, 32);
  // Takes the name of another: what it is called must not depend on the shard.
  await writeFile(join(photos, 'a'), await readFile(join(photos, 'd.png')));
  await writeFile(join(photos, 'broken.jpg'), 'no picture');
  await writeFile(join(photos, 'notes.txt'), 'grandmother, 1921');
});

const at = (name: string) => join(folder, name);
const colorize = (...argv: string[]) => captured(() => colorizeCommand(['--weights', weights, ...argv]));
const verify = (...argv: string[]) => captured(() => verifyCommand(argv));
const shell = (line: string) =>
  new Promise<{ code: unknown; out: string }>((done) => {
    execFile('sh', ['-c', line], (error, out) => done({ code: error?.code ?? 0, out }));
  });
const LAST = /[^\n]*\n$/;

/** All files of a folder but its ledgers, with their content. */
async function contents(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.koalarize'));
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path.slice(root.length + 1), await sha256(await readFile(path))])),
  );
}

/** What a ledger says, but for times. */
async function told(root: string) {
  const { entries, torn } = await readLedger(new FolderStore(root));
  expect(torn).toEqual([]);
  const lines = [...entries].map(([path, { made, failed }]) => {
    const { time: _, seconds: __, ...line } = { seconds: 0, ...(failed ?? made)! };
    return [path, line] as const;
  });
  return Object.fromEntries(lines.sort(([one], [other]) => (one < other ? -1 : 1)));
}

test('shards 0/7 to 6/7 make what one run makes: files, bytes and lines', async () => {
  const one = await colorize(photos, '-o', at('one'));
  expect(one.code).toBe(1);
  expect(one.err).toMatch(/11 colored, 1 failed; left out: 1 \.txt\n$/);
  let colored = 0;
  for (let i = 0; i < SHARDS; i++) {
    const { code, err } = await colorize(photos, '-o', at('seven'), '--shard', `${i}/${SHARDS}`);
    const [, of, done, failed] = /shard \d\/7, (\d+) of 12: (\d+) colored(?:, (\d) failed)?; left out/.exec(err)!;
    expect(Number(done) + Number(failed ?? 0)).toBe(Number(of));
    expect(code).toBe(failed ? 1 : 0);
    colored += Number(done);
  }
  expect(colored).toBe(11);
  const files = await contents(at('one'));
  expect(Object.keys(files)).toHaveLength(11);
  expect(files).toHaveProperty('a-2.png');
  expect(await contents(at('seven'))).toEqual(files);
  expect(await told(at('seven'))).toEqual(await told(at('one')));
  for (const out of ['one', 'seven']) {
    const { code, out: said } = await verify(at(out), '--input', photos);
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(/^failed +broken\.jpg: .*\n11 outputs of 12 .*: 1 failed\n$/),
    ]);
    expect((await verify(at(out), '--input', photos, '--accept-failed')).code).toBe(0);
  }
});

test('a line tells what an output was made of, with what, and what it is', async () => {
  const { entries } = await readLedger(new FolderStore(at('one')));
  const line = entries.get('sub/deep/e.jpg')!.made as DoneLine & { time: string };
  const [input, output] = [join(photos, 'sub/deep/e.jpg'), join(at('one'), 'sub/deep/e.jpg')];
  const { size, mtimeMs } = await stat(input);
  expect(line).toMatchObject({
    program: 'koalarize 0.1.0',
    result: 'colored',
    input: {
      folder: photos,
      path: 'sub/deep/e.jpg',
      sha256: await sha256(await readFile(input)),
      bytes: size,
      modified: mtimeMs,
    },
    recipe: {
      weights: await sha256(await readFile(weights)),
      extractor: null,
      options: { strength: 1, upsampling: 'guided', quality: 'fast', smoothing: 0.5, border: 'auto', mark: true },
    },
    output: { path: 'sub/deep/e.jpg', sha256: await sha256(await readFile(output)), bytes: (await stat(output)).size },
  });
  expect(line.identity).toBe(identityOf(line.input, line.recipe));
  expect(Date.now() - Date.parse(line.time)).toBeLessThan(600_000);
  expect(line.seconds).toBeGreaterThan(0);
  expect(entries.get('broken.jpg')!.failed).toMatchObject({
    input: { path: 'broken.jpg', bytes: 10 },
    reason: expect.stringContaining('broken.jpg: expected an image file, got a file of another kind'),
  });
});

test('--skip-existing does again what was made otherwise, and says why; nothing else', async () => {
  const [old, out] = [at('again'), at('again-out')];
  for (const [i, name] of ['a.png', 'b.png', 'c.png'].entries()) await writePicture(join(old, name), i, 24, 24);
  const call = async (...argv: string[]) => {
    const { code, err, out: said } = await colorize(old, '-o', out, '--skip-existing', '--json', ...argv);
    expect(code, err).toBe(0);
    const lines = said.split('\n').filter(Boolean);
    return {
      again: lines.map((line) => JSON.parse(line)).map(({ output, again }) => [output.slice(out.length + 1), again]),
      last: LAST.exec(err)![0],
    };
  };
  expect((await call()).last).toBe('3 colored\n');
  expect((await call()).last).toBe('0 colored, 3 were there already\n');
  // Another time, the same content; another content.
  await utimes(join(old, 'a.png'), 1, 1);
  await writePicture(join(old, 'b.png'), 7, 24, 24);
  expect(await call()).toEqual({
    again: [['b.png', 'made from another input before']],
    last: '1 colored, 1 of them again, 2 were there already\n',
  });
  const options = await call('--strength', '1.5');
  expect(options.again).toEqual(['a.png', 'b.png', 'c.png'].map((name) => [name, 'made with other options before']));
  expect((await call('--strength', '1.5')).last).toBe('0 colored, 3 were there already\n');
  await writeTestWeights(at('other.safetensors'), 20);
  const both = await call('--weights', at('other.safetensors'));
  expect(both.again[0]).toEqual(['a.png', 'made with other weights and with other options before']);
  // One that verify marks, one that is gone, one that no ledger tells of.
  await appendFile(join(out, 'a.png'), 'damage');
  await rm(join(out, 'b.png'));
  await copyFile(join(out, 'c.png'), join(out, 'd.png'));
  await writePicture(join(old, 'd.png'), 3, 24, 24);
  expect((await verify(out, '--input', old)).out).toMatch(/damaged +a[\s\S]+missing +b[\s\S]+unlisted +d/);
  const other = ['--weights', at('other.safetensors')];
  expect((await call(...other)).last).toBe('1 colored, 3 were there already (1 of them in no ledger)\n');
  await verify(out, '--input', old, '--repair');
  expect((await call(...other)).again).toEqual([
    ['a.png', 'was damaged'],
    ['d.png', 'was unlisted'],
  ]);
  expect(await verify(out, '--input', old)).toMatchObject({ code: 0, out: '4 outputs of 4 photographs: all right\n' });
});

test('no ledger for one photograph, nor where none is wanted; one that cannot be written stops nothing', async () => {
  const file = join(photos, 'd.png');
  for (const out of [at('single.png'), `${at('single')}/`]) expect((await colorize(file, '-o', out)).code).toBe(0);
  expect(await readdir(at('single'))).toEqual(['d.png']);
  expect((await colorize(file, join(photos, 'b.jpg'), '-o', at('none'), '--no-ledger')).code).toBe(0);
  expect((await readdir(at('none'))).sort()).toEqual(['b.jpg', 'd.png']);
  await mkdir(join(at('blocked'), '.koalarize.jsonl'), { recursive: true });
  const { code, err } = await colorize(file, join(photos, 'b.jpg'), '-o', at('blocked'));
  expect(code).toBe(1);
  expect(err.match(/the ledger cannot be written: .*/g)).toEqual([
    expect.stringContaining('.koalarize.jsonl: expected a folder to write into, got a folder of that name'),
  ]);
  expect(await visible(at('blocked'))).toEqual(['b.jpg', 'd.png']);
});

test('a shard may be empty; one that makes no sense is refused', async () => {
  const few = at('few');
  await writePicture(join(few, 'a.jpg'), 1, 16, 16);
  const { code, err } = await colorize(few, '-o', at('few-out'), '--shard', '0/7');
  // 'a.jpg' belongs to 2/7.
  expect([code, err]).toEqual([0, 'shard 0/7, 0 of 1: 0 colored\n']);
  expect((await colorize(few, '-o', at('few-out'), '--shard', '2/7')).err).toMatch(/shard 2\/7, 1 of 1: 1 colored\n$/);
  const wrong = await colorize(few, '-o', at('few-out'), '--shard', '7/7');
  expect([wrong.code, wrong.err]).toEqual([
    2,
    "--shard: expected I/N with I from 0 and below N, such as 0/8, got '7/7' – see 'koalarize colorize --help'\n",
  ]);
  const none = await colorize(few, '-o', at('few-out'), '--weights', at('no.safetensors'));
  expect([none.code, none.err]).toEqual([1, expect.stringMatching(/^failed: .*no\.safetensors: /)]);
});

test('what is colored says so in XMP, beside what the photograph said; --no-mark and what is kept do not', async () => {
  const source = at('said');
  await mkdir(source);
  const said = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="album 7"/></rdf:RDF></x:xmpmeta>`;
  const grey = sharp({ create: { width: 24, height: 24, channels: 3, background: '#888' } });
  for (const [name, format] of [
    ['a.jpg', 'jpeg'],
    ['a.png', 'png'],
    ['a.webp', 'webp'],
    ['a.tif', 'tiff'],
    ['a.avif', 'avif'],
  ] as const) {
    await writeFile(join(source, name), await grey.clone().withXmp(said).toFormat(format).toBuffer());
  }
  await writePicture(join(source, 'color.png'), 1, 24, 24);
  await writeFile(join(source, 'z.gif'), await grey.clone().gif().toBuffer());
  const { code, err } = await colorize(source, '-o', at('said-out'), '--keep-color');
  expect(code, err).toBe(0);
  expect(err.match(/warning: .*/g)).toEqual([
    expect.stringContaining('has colors already'),
    `warning: ${at('said-out/z.gif')}: GIF cannot hold the mark of origin – left out`,
  ]);
  const hash = await sha256(await readFile(weights));
  const xmpOf = async (path: string) => (await sharp(path).metadata()).xmp?.toString('utf8');
  for (const name of ['a.jpg', 'a.png', 'a.webp', 'a.tif', 'a.avif']) {
    const xmp = await xmpOf(join(at('said-out'), name));
    expect(xmp, name).toContain('dc:source="album 7"');
    expect(xmp, name).toContain('digitalsourcetype/algorithmicallyEnhanced');
    expect(xmp, name).toContain('xmp:CreatorTool="koalarize 0.1.0"');
    expect(xmp, name).toContain(`koalarize:WeightsSHA256="${hash}"`);
  }
  expect(await xmpOf(at('said-out/color.png'))).toBeUndefined();
  const plain = await colorize(source, '-o', at('said-plain'), '--no-mark');
  expect(plain.err).not.toContain('mark of origin');
  expect(await xmpOf(at('said-plain/a.jpg'))).toBe(said);
  expect(await xmpOf(at('said-plain/color.png'))).toBeUndefined();
});

test.for(Object.entries(FOUR_AT_ONCE))(
  'killed in the midst, and begun again by %s with four processes at once, it is whole',
  async ([name, { line, code }], { skip }) => {
    const isThere = name === 'xargs' || (await shell('parallel --version')).out.startsWith('GNU parallel');
    skip(!isThere, 'left out: expected GNU parallel on PATH, got none');
    const out = at(`killed-${name}`);
    // At the third file, when it is on the disk and has not its name yet.
    const preload = at('kill.cjs');
    await writeFile(
      preload,
      `const fs = require('node:fs/promises');
     const { rename } = fs;
     let count = 0;
     fs.rename = (...paths) => (++count === 3 ? process.kill(process.pid, 'SIGKILL') : rename(...paths));
     require('node:module').syncBuiltinESMExports();`,
    );
    const argv = ['--require', preload, built('cli.js'), photos, '-o', out, '--weights', weights];
    const child = spawn(process.execPath, argv, { stdio: 'ignore' });
    expect(await new Promise((done) => child.on('close', (_, signal) => done(signal)))).toBe('SIGKILL');
    const leftover = (await readdir(out)).filter((name) => name.endsWith('.unfinished'));
    expect(leftover).toHaveLength(1);
    expect((await readLedger(new FolderStore(out))).entries.size).toBe(2);
    // What a kill in the midst of a line leaves.
    await appendFile(join(out, '.koalarize.jsonl'), '{"version":1,"time":"20');

    const call = [process.execPath, built('cli.js'), photos, '-o', out, '--weights', weights].map(
      (word) => `'${word}'`,
    );
    expect((await shell(line(`${call.join(' ')} --skip-existing`))).code).toBe(code);
    const first = await verify(out, '--input', photos, '--accept-failed', '--repair');
    expect(first.code).toBe(1);
    expect(first.out).toMatch(/note +\.koalarize\.jsonl, line \d+: cut short or damaged – left out\n/);
    expect(first.out).toContain(`removed ${leftover[0]}\n`);
    expect(first.out).toMatch(/\n11 outputs of 12 photographs: 1 leftover\n$/);
    expect((await verify(out, '--input', photos, '--accept-failed')).code).toBe(0);
    expect(await contents(out)).toEqual(await contents(at('one')));
  },
);
