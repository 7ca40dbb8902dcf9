/** `koalarize compare`: what is compared with what, that its figures are those of `koalarize eval`, and the sheets. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { correlation } from '../../../src/cli/compare/agree.ts';
import { candidatesOf } from '../../../src/cli/compare/candidates.ts';
import { compareCommand } from '../../../src/cli/compare/index.ts';
import type { CompareReport } from '../../../src/cli/compare/report.ts';
import { evalCommand } from '../../../src/cli/eval/index.ts';
import { greyOf } from '../../../src/cli/shared/center_crops.ts';
import type { Report } from '../../../src/cli/shared/reports/report.ts';
import type { BytePicture } from '../../../src/evaluation/metrics/pair.ts';
import { readImage, writeImage } from '../../../src/image/node.ts';
import { noise } from '../../support/fixtures.ts';
import { picture, writePicture } from '../../support/pictures.ts';
import { captured, writeTestWeights } from '../../support/run.ts';

const SIDE = 32;
const NAMES = ['a.png', 'b.png', 'sub/c.png', 'd.jpg'];

let root: string;
let photos: string;
const at = (name: string) => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-compare-'));
  photos = at('photos');
  for (const [i, name] of NAMES.entries()) await writePicture(join(photos, name), i, 48, SIDE);
  await mkdir(at('run/checkpoints'), { recursive: true });
  await writeTestWeights(at('run/checkpoints/step-000010.safetensors'), 10);
  await writeTestWeights(at('run/checkpoints/step-000020.safetensors'), 30);
  await writeTestWeights(at('run/weights.safetensors'), 60);
});
afterAll(() => rm(root, { recursive: true }));

async function compare(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, out, err } = await captured(() => compareCommand(argv));
  return { code, out, err: err.replaceAll(root, 'ROOT') };
}

const SMALL = ['--size', `${SIDE}`, '--render-size', '16'];

async function reportOf(...argv: string[]): Promise<CompareReport> {
  const { code, out, err } = await compare(...argv, ...SMALL, '--json');
  expect(code, err).toBe(0);
  return JSON.parse(out) as CompareReport;
}

describe('what the arguments mean', () => {
  const labels = async (...argv: string[]) => (await candidatesOf(argv)).map(({ kind, label }) => `${kind} ${label}`);

  test('a run, weights, pictures, labels', async () => {
    expect(await labels(at('run'))).toEqual(['weights step-000010', 'weights step-000020', 'weights weights']);
    expect(await labels(`new=${at('run')}`, photos)).toEqual([
      'weights new step-000010',
      'weights new step-000020',
      'weights new weights',
      'pictures photos',
    ]);
    expect(await labels(`one=${at('run/weights.safetensors')}`)).toEqual(['weights one']);
    expect(await labels()).toEqual(['weights koalarize']);
  });

  test('as much of the path as tells them apart', async () => {
    await cp(at('run'), at('other/run'), { recursive: true });
    expect(await labels(at('run/weights.safetensors'), at('other/run/weights.safetensors'))).toEqual([
      `weights ${root.split('/').at(-1)}/run/weights`,
      'weights other/run/weights',
    ]);
    expect(await labels(photos, photos)).toEqual(['pictures photos (1)', 'pictures photos (2)']);
  });

  test('pictures are found by name, in any format and folder', async () => {
    for (const name of ['a.webp', 'sub/c.jpg.png', 'b.png.png', 'twice/x.png', 'sub/x.png']) {
      await writePicture(join(at('theirs'), name), 0, 16, 16);
    }
    const [theirs] = await candidatesOf([at('theirs')]);
    const find = (name: string) => theirs!.kind === 'pictures' && theirs!.find(name)?.slice(at('theirs').length + 1);
    expect(find('a.jpg')).toBe('a.webp');
    expect(find('sub/c.jpg')).toBe('sub/c.jpg.png');
    expect(find('c.jpg')).toBe('sub/c.jpg.png');
    expect(find('deep/b.png')).toBe('b.png.png');
    expect(find('twice/x.tif')).toBe('twice/x.png');
    expect(find('x.png')).toBeUndefined();
    expect(find('e.png')).toBeUndefined();
  });
});

describe('a comparison', () => {
  test("has the figures of 'koalarize eval', for weights and for the pictures that it wrote", async () => {
    const weights = at('run/weights.safetensors');
    const smoothing = ['--smoothing', '0.25'];
    const { out, code, err } = await captured(() =>
      evalCommand([photos, '--weights', weights, ...SMALL, ...smoothing, '--json', '-o', at('eval')]),
    );
    expect(code, err).toBe(0);
    const evaluated = JSON.parse(out) as Report;
    const report = await reportOf(
      photos,
      weights,
      `files=${at('eval/ours')}`,
      `truth=${at('eval/truth')}`,
      ...smoothing,
    );
    expect(report.compared).toMatchObject([
      { label: 'weights', kind: 'weights', sha256: evaluated.protocol.weights.sha256, renderSize: 16, extractor: null },
      { label: 'files', kind: 'pictures', path: at('eval/ours') },
      { label: 'truth', kind: 'pictures' },
    ]);
    for (const metric of ['mseAb', 'psnr', 'ssim', 'deltaE00', 'colorfulness', 'chromaRatio'] as const) {
      const found = report.metrics![metric];
      const { ours, grey, meanColor } = evaluated.metrics[metric];
      // The same picture is drawn with the same chance, so that intervals agree too.
      expect(found['0']).toEqual(ours);
      expect(found['1']).toEqual(ours);
      expect(found.grey).toEqual(grey);
      expect(found.meanColor).toEqual(meanColor);
    }
    expect(report.metrics!.deltaE00['2']!.value).toBe(0);
    expect(report.besideFirst[0]).toMatchObject({ mseAb: { value: 1, low: 1, high: 1 }, closer: { value: 0 } });
    expect(report.besideFirst[1]).toMatchObject({ deltaE00: { value: 0 }, closer: { value: 1 } });
    expect(report.protocol).toMatchObject({
      pictures: 4,
      found: 4,
      missing: 0,
      smoothing: 0.25,
      pictureSet: evaluated.protocol.pictureSet,
    });
  });

  test('a row for each picture on the page, with its labels and errors', async () => {
    const page = at('deep/sheet.html');
    const { code, out, err } = await compare(photos, at('run'), '-o', page, '--show', '3', ...SMALL);
    expect(code, err).toBe(0);
    expect(out).toMatch(/step-000010 +step-000020 +weights +grey +mean color +truth\n/);
    expect(out).toMatch(/step-000020 beside step-000010: MSE [\d.]+ % \([\d.]+…[\d.]+\) of it/);
    expect(out.match(/strength 1, smoothing 0\.5, extractor none\n/g)).toHaveLength(3);
    const html = await readFile(page, 'utf8');
    expect(html.match(/<figure>/g)).toHaveLength(3);
    expect(html.match(/<img [^>]*src="data:image\/jpeg;base64,/g)).toHaveLength(3 * 5);
    expect(html.match(/>step-000020 <small>ΔE00 [\d.]+<\/small>/g)).toHaveLength(3);
    expect(html).not.toMatch(/(?:src|href)="(?!data:)|https?:|@import|<script/);
  });

  test('as one picture: labels above, then a row for each', async () => {
    const file = at('sheet.png');
    const { code, err } = await compare(photos, at('run'), '-o', file, ...SMALL);
    expect(code, err).toBe(0);
    const sheet = await readImage(file);
    expect(sheet).toMatchObject({ width: 5 * 196 + 4, height: 18 + 4 * 196 + 4 });
    // Ink in each label, and nothing but ink and paper.
    for (let column = 0; column < 5; column++) {
      const codes = new Set<number>();
      for (let y = 4; y < 18; y++) {
        for (let x = 4 + column * 196; x < 196 * (column + 1); x++) codes.add(sheet.data[(y * sheet.width + x) * 4]!);
      }
      expect([...codes].sort()).toEqual([0, 255]);
    }
  });

  test('grey photographs are shown, and not measured', async () => {
    const old = at('old');
    await cp(join(photos, 'a.png'), join(old, 'a.png'));
    const { data, width, height } = picture(5, 48, SIDE);
    await writeImage(join(old, 'grey.png'), greyOf({ data: data as Uint8Array, width, height }));
    const weights = at('run/weights.safetensors');
    const report = await reportOf(old, weights, '-o', at('old.html'));
    expect(report.protocol).toMatchObject({ pictures: 1, withoutTruth: 1, leftOut: { grey: 0 } });
    const html = await readFile(at('old.html'), 'utf8');
    expect(html.match(/>truth<\/span>/g)).toHaveLength(1);
    expect(html.match(/>weights(?: <small>[^<]*<\/small>)?<\/span>/g)).toHaveLength(2);
    await rm(join(old, 'a.png'));
    const { code, out } = await compare(old, weights, '-o', at('old.png'), ...SMALL);
    expect(code).toBe(0);
    expect(out).toContain('nothing measured');
    expect((await readImage(at('old.png'))).width).toBe(2 * 196 + 4);
  });

  test('only what every folder has, and only where it is the same picture', async () => {
    const some = at('some');
    await cp(join(photos, 'a.png'), join(some, 'a.png'));
    // The right name, but turned by a quarter, and so something else.
    await writePicture(join(some, 'b.png'), 7, 48, SIDE);
    await cp(join(photos, 'sub/c.png'), join(some, 'c.png'));
    const report = await reportOf(photos, some);
    expect(report.pictures.map(({ path }) => path).sort()).toEqual(['a.png', 'sub/c.png']);
    expect(report.protocol).toMatchObject({ found: 4, pictures: 2, missing: 1, device: null });
    expect(report.protocol.disagreeing).toHaveLength(1);
    expect(report.protocol.disagreeing[0]).toMatch(/some\/b\.png: expected b\.png in other colors, got something else/);
    expect(report.metrics!.psnr['0']!.value).toBe(100);
  });
});

test('lightness agrees whatever the colors are', () => {
  const { data, width, height } = picture(1, SIDE);
  const truth: BytePicture = { data: data as Uint8Array, width, height };
  const grey = greyOf(truth);
  expect(correlation(grey, greyOf(grey))).toBeCloseTo(1, 12);
  const brighter = { ...grey, data: grey.data.map((code, i) => (i % 4 === 3 ? code : code / 2 + 90)) };
  expect(correlation(grey, brighter)).toBeGreaterThan(0.999);
  const inverse = { ...grey, data: grey.data.map((code) => 255 - code) };
  expect(correlation(grey, inverse)).toBeCloseTo(-1, 12);
  expect(Math.abs(correlation(grey, noise(SIDE, SIDE, { grey: true })))).toBeLessThan(0.2);
  const flat = { ...grey, data: new Uint8Array(grey.data.length).fill(7) };
  expect([correlation(flat, flat), correlation(flat, grey)]).toEqual([1, 0]);
});

test('what cannot be compared is one line and 1', async () => {
  const failure = async (...argv: string[]) => {
    const { code, out, err } = await compare(...argv);
    expect([code, out]).toEqual([1, '']);
    return err.replace(/^device .*\n/, '').trimEnd();
  };
  await mkdir(at('bare'));
  await writeFile(at('notes.txt'), 'no weights');
  await writeFile(at('broken.safetensors'), 'no weights');
  await writePicture(at('strangers/z.png'), 0);
  expect(await failure(photos, at('strangers'))).toMatchInlineSnapshot(
    `"failed: 'ROOT/strangers': expected pictures under the names they have in 'ROOT/photos', got none that all have – rename them"`,
  );
  expect(await failure(photos, at('none'))).toContain("'ROOT/none': expected weights or a folder, got nothing");
  const notes = await failure(photos, at('notes.txt'));
  expect(notes).toContain("'ROOT/notes.txt': expected a .safetensors file or a folder, got another file");
  const bare = await failure(photos, at('bare'));
  expect(bare).toContain("'ROOT/bare': expected weights (.safetensors) or pictures in this folder, got none");
  expect(await failure(photos, at('broken.safetensors'))).toContain('ROOT/broken.safetensors: expected');
  const needless = await failure(photos, at('run/weights.safetensors'), '--inception', at('notes.txt'));
  expect(needless).toMatch(/ROOT\/notes\.txt: expected no feature extractor, as none of these weights .*, got one/);
  expect(await failure(at('bare'), at('run/weights.safetensors'))).toContain('expected color pictures');
});

test('wrong arguments are one line and 2', async () => {
  const { code, out, err } = await compare('a', 'b', '-o', 'x.txt');
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(
    /^--output: expected a name that ends in \.html \.htm .*\.gif, got 'x\.txt' – see 'koalarize compare/,
  );
  expect((await compare()).err).toMatch(/^expected a folder of photographs, and what to compare, got none/);
  expect((await compare('--help')).out).toContain('koalarize compare DIR');
});
