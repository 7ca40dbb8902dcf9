/** `koalarize eval` on a folder of generated pictures: what is left out, the baselines, the files, the messages. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { errorLeft, groupsOf } from '../../../src/cli/eval/html.ts';
import { evalCommand } from '../../../src/cli/eval/index.ts';
import { greyOf, tinted } from '../../../src/cli/shared/center_crops.ts';
import type { PictureReport, Report } from '../../../src/cli/shared/reports/report.ts';
import { Bootstrap } from '../../../src/evaluation/bootstrap.ts';
import { METHODS, type Score, scoreAll } from '../../../src/evaluation/scores.ts';
import { greyToLightness, labToRgb, rgbToLab } from '../../../src/image/color/lab.ts';
import { readImage, writeImage } from '../../../src/image/node.ts';
import { Colorizer } from '../../../src/model/colorizer.ts';
import { sha256 } from '../../../src/onnx/sha256.ts';
import { CLASSES, classifier, SIZE, weightsFor } from '../../support/classifier.ts';
import { noise } from '../../support/fixtures.ts';
import { picture, writePicture } from '../../support/pictures.ts';
import { captured, writeTestWeights } from '../../support/run.ts';

/** Pixels a side of the squares; the pictures have it too, so nothing is resized. */
const SIDE = 32;
const NAMES = ['a & b.png', 'b.png', 'c.webp', 'sub/d.png'];

let root: string;
let photos: string;
let weights: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-eval-'));
  photos = join(root, 'photos');
  weights = join(root, 'weights.safetensors');
  await writeTestWeights(weights);
  for (const [i, name] of NAMES.entries()) await writePicture(join(photos, name), i, SIDE, SIDE);
  await cp(join(photos, 'b.png'), join(photos, 'sub/again.png'));
  await writeImage(join(photos, 'grey.png'), noise(40, 40, { grey: true }));
  await writeFile(join(photos, 'broken.jpg'), 'no picture');
  await writeFile(join(photos, 'notes.txt'), 'no picture');
});
afterAll(() => rm(root, { recursive: true }));

/** L* of the 8-bit luma of a color. */
function lightnessOf([l, a, b]: readonly number[]): number {
  const [red, green, blue] = labToRgb(l!, a!, b!);
  return greyToLightness(Math.round(255 * (0.299 * red + 0.587 * green + 0.114 * blue)) / 255);
}

/** L*, a*, b* of a color in 8-bit sRGB: with as much of its chroma as there is at its lightness. */
function painted(lightness: number, a: number, b: number): [number, number, number] {
  const at = (share: number) => labToRgb(lightness, share * a, share * b);
  let share = 1;
  while (share > 0 && at(share).some((v) => v < -1e-6 || v > 1 + 1e-6)) share -= 1 / 4096;
  const [red, green, blue] = at(Math.max(share, 0)).map((v) => Math.round(255 * Math.min(Math.max(v, 0), 1)) / 255);
  return rgbToLab(red!, green!, blue!);
}

/** Runs the command here, and keeps what it writes. */
async function call(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, out, err } = await captured(() => evalCommand(argv));
  return { code, out, err: err.replaceAll(root, 'ROOT').replaceAll(/[0-9a-f]{64}/g, 'HASH') };
}

const evaluate = (...argv: string[]) =>
  call(photos, '--weights', weights, '--size', `${SIDE}`, '--render-size', '16', ...argv);

async function reportOf(...argv: string[]): Promise<Report> {
  const { code, out, err } = await evaluate('--json', ...argv);
  expect(code, err).toBe(0);
  return JSON.parse(out) as Report;
}

describe('the report', () => {
  let report: Report;
  beforeAll(async () => {
    report = await reportOf();
  });

  test('says what was measured and how, and why the rest was not', async () => {
    expect(report.protocol).toMatchObject({
      folder: photos,
      pictures: 4,
      found: 7,
      leftOut: { unreadable: 1, grey: 1, repeated: 1 },
      others: { '.txt': 1 },
      notNeeded: 0,
      size: SIDE,
      renderSize: 16,
      strength: 1,
      weights: { path: weights, sha256: await sha256(await readFile(weights)) },
      extractor: null,
    });
    expect(report.leftOut.map(({ path, kind }) => `${path.slice(photos.length)} ${kind}`)).toEqual([
      '/broken.jpg unreadable',
      '/grey.png grey',
      '/sub/again.png repeated',
    ]);
    expect(report.leftOut[0]!.reason).toContain('broken.jpg: expected');
    const hashes = report.pictures.map((one) => one.sha256);
    expect(hashes).toEqual([...hashes].sort());
    expect(report.pictures.map(({ path }) => path).sort()).toEqual(NAMES);
    for (const { path, sha256: hash } of report.pictures) {
      expect(await sha256(await readFile(join(photos, path)))).toBe(hash);
    }
  });

  test('its means are those of the pictures, inside their intervals', () => {
    const { pictures, metrics } = report;
    const mean = (of: (one: PictureReport) => number) =>
      pictures.reduce((sum, one) => sum + of(one) / pictures.length, 0);
    for (const answer of METHODS) {
      for (const name of ['mseAb', 'psnr', 'ssim', 'deltaE00', 'colorfulness', 'chroma'] as const) {
        const { value, low, high } = metrics[name][answer];
        expect(value).toBeCloseTo(
          mean((one) => one[answer][name]),
          12,
        );
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
      }
    }
    expect(metrics.chroma.truth!.value).toBeCloseTo(
      mean((one) => one.truth.chroma),
      12,
    );
    expect(metrics.chromaRatio.ours.value).toBeCloseTo(metrics.chroma.ours.value / metrics.chroma.truth!.value, 12);
    expect(metrics.colorfulnessRatio.grey).toEqual({ value: 0, low: 0, high: 0 });
    expect(report.beside.grey.mseAb.value).toBeCloseTo(metrics.mseAb.ours.value / metrics.mseAb.grey.value, 12);
    expect(report.beside.grey.psnr.value).toBeCloseTo(metrics.psnr.ours.value - metrics.psnr.grey.value, 12);
    const closer = mean((one) => Number(one.ours.deltaE00 < one.meanColor.deltaE00));
    expect(report.beside.meanColor.closer.value).toBeCloseTo(closer, 12);
  });

  test('the baselines, computed from the files alone', async () => {
    const pixels = SIDE * SIDE;
    const labs: number[][][] = [];
    for (const one of report.pictures) {
      const { data } = await readImage(join(photos, one.path));
      const rgb = Array.from({ length: pixels }, (_, i) => Array.from(data.subarray(4 * i, 4 * i + 3)));
      const lab = rgb.map(([r, g, b]) => rgbToLab(r! / 255, g! / 255, b! / 255));
      labs.push(lab);
      const square = lab.reduce((sum, [, a, b]) => sum + a! ** 2 + b! ** 2, 0);
      expect(one.grey.mseAb / (square / pixels / 2 / 127 ** 2)).toBeCloseTo(1, 5);
      const error = rgb.reduce((sum, [r, g, b]) => {
        const luma = Math.round(0.299 * r! + 0.587 * g! + 0.114 * b!);
        return sum + (r! - luma) ** 2 + (g! - luma) ** 2 + (b! - luma) ** 2;
      }, 0);
      expect(one.grey.psnr).toBeCloseTo(10 * Math.log10((255 ** 2 * 3 * pixels) / error), 9);
      expect(one.grey.chroma).toBeCloseTo(0, 12);
      expect(one.grey.colorfulness).toBe(0);
    }
    const means = [1, 2].map((c) => labs.flat().reduce((sum, lab) => sum + lab[c]!, 0) / labs.flat().length);
    const { a, b } = report.protocol.meanColor;
    expect(a).toBeCloseTo(means[0]!, 4);
    expect(b).toBeCloseTo(means[1]!, 4);
    const { mseAb } = report.metrics;
    let error = 0;
    for (const lab of labs.flat()) {
      const [, itsA, itsB] = painted(lightnessOf(lab), a, b);
      error += (lab[1]! - itsA) ** 2 + (lab[2]! - itsB) ** 2;
    }
    expect(mseAb.meanColor.value / (error / labs.flat().length / 2 / 127 ** 2)).toBeCloseTo(1, 3);
    expect(mseAb.meanColor.value).toBeLessThan(mseAb.grey.value);
  });

  test('the same again, to the last digit', async () => {
    expect(await reportOf()).toEqual(report);
  });
});

test('the colorizer is given grey pictures only, and with --strength 0 gives them back', async () => {
  const seen = vi.spyOn(Colorizer.prototype, 'colorize');
  const { pictures } = await reportOf('--strength', '0');
  expect(seen).toHaveBeenCalledTimes(NAMES.length);
  for (const [{ data }] of seen.mock.calls) {
    for (let i = 0; i < data.length; i += 4) expect(data[i] === data[i + 1] && data[i] === data[i + 2]).toBe(true);
  }
  seen.mockRestore();
  for (const { ours, grey } of pictures) expect(ours).toEqual(grey);
});

test('the mean color keeps the lightness of each pixel', () => {
  const grey = greyOf(noise(16, 16));
  const { data } = tinted(grey, { a: 6, b: 12 });
  for (let i = 0; i < data.length; i += 4) {
    const code = grey.data[i]!;
    const inside = labToRgb(greyToLightness(code / 255), 6, 12);
    // Black, white and what lies next to them have no such color in sRGB.
    if (inside.some((v) => v < 0 || v > 1)) continue;
    inside.forEach((v, c) => {
      expect(Math.abs(data[i + c]! - v * 255)).toBeLessThan(0.51);
    });
  }
});

test('the truth as the answer scores as well as can be, with finite numbers', () => {
  const { data, width, height } = picture(3, SIDE);
  const truth = { data: data as Uint8Array, width, height };
  const { ours, grey } = scoreAll(truth, { ours: truth, grey: greyOf(truth), meanColor: greyOf(truth) });
  expect(ours).toMatchObject({ mseAb: 0, psnr: 100, deltaE00: 0 } satisfies Partial<Score>);
  expect(ours.ssim).toBeCloseTo(1, 12);
  expect(grey.psnr).toBeLessThan(40);
});

test('--limit takes the first by hash; sheet, page and squares are written', async () => {
  const [all, at] = [await reportOf(), (name: string) => join(root, 'out', name)];
  const files = ['--sheet', at('deep/sheet.png'), '--html', at('page.html'), '-o', at('squares')];
  const { code, out, err } = await evaluate('--limit', '3', ...files);
  expect(code, err).toBe(0);
  expect(out).toMatch(/PSNR, dB +\d/);
  expect(out).toMatch(/MSE of \(a\*, b\*\)\/127 +0\.\d{5} +0\.\d{5} +0\.\d{5}\n/);
  expect(out).toMatch(/beside mean color: MSE [\d.]+ % \([\d.]+…[\d.]+\) of it/);
  const report = JSON.parse(await readFile(at('squares/metrics.json'), 'utf8')) as Report;
  expect(report.protocol.pictures).toBe(3);
  expect(report.protocol.notNeeded + report.leftOut.length).toBe(4);
  const paths = all.pictures.slice(0, 3).map(({ path }) => path);
  expect(report.pictures.map(({ path }) => path)).toEqual(paths);
  // Three pictures, two in a row of three squares each.
  expect(await readImage(at('deep/sheet.png'))).toMatchObject({ width: 6 * 196 + 4, height: 2 * 196 + 4 });
  for (const path of paths) {
    const truth = await readImage(at(`squares/truth/${path}.png`));
    const ours = await readImage(at(`squares/ours/${path}.png`));
    const { data, ...size } = await readImage(join(photos, path));
    expect(truth).toMatchObject({ width: size.width, height: size.height });
    expect(truth.data).toEqual(data);
    expect(ours.data).not.toEqual(data);
  }
  const page = await readFile(at('page.html'), 'utf8');
  expect(page.match(/<img [^>]*src="data:image\/jpeg;base64,/g)).toHaveLength(9);
  expect(page).not.toMatch(/(?:src|href)="(?!data:)|https?:|@import|<script/);
  if (paths.includes('a & b.png')) expect(page).toContain('a &amp; b.png');
  expect((await readdir(at('.'))).sort()).toEqual(['deep', 'page.html', 'squares']);
});

test('with a feature extractor, and what is said without the right one', async () => {
  const onnx = join(root, 'classifier.onnx');
  await writeFile(onnx, classifier());
  const info = { kind: 'logits', output: 'logits', width: CLASSES, size: SIZE, range: [-1, 1] } as const;
  const [right, wrong] = [join(root, 'right.safetensors'), join(root, 'wrong.safetensors')];
  await writeFile(right, weightsFor({ ...info, sha256: await sha256(await readFile(onnx)) }));
  await writeFile(wrong, weightsFor({ ...info, sha256: 'f'.repeat(64) }));
  const { protocol } = await reportOf('--weights', right, '--inception', onnx, '--inception-range', '-1,1');
  expect(protocol.extractor).toMatch(
    /^logits of 'logits', 7 values, from 24 x 24 pixels in -1…1, SHA-256 [0-9a-f]{64}$/,
  );
  const failure = async (...argv: string[]) => {
    const { code, out, err } = await evaluate(...argv);
    expect([code, out]).toEqual([1, '']);
    return err;
  };
  // What else these messages say: test/model/extractor.test.ts.
  expect(await failure('--weights', wrong, '--inception', onnx)).toMatch(
    /^failed: ROOT\/classifier\.onnx: .* got HASH/,
  );
  expect(await failure('--weights', right)).toMatch(/^failed: ROOT\/right\.safetensors: .* got none/);
  expect(await failure('--inception', onnx)).toMatch(/^failed: ROOT\/weights\.safetensors: .* got one/);
});

test('what cannot be evaluated is one line and 1', async () => {
  const bare = join(root, 'bare');
  await mkdir(bare);
  const failure = async (...argv: string[]) => {
    const { code, out, err } = await call('--weights', weights, ...argv);
    expect([code, out]).toEqual([1, '']);
    return err.replace(/^device .*\n/, '').trimEnd();
  };
  expect(await failure(join(root, 'none'))).toContain("'ROOT/none': expected a folder, got nothing");
  expect(await failure(bare)).toContain("'ROOT/bare': expected color pictures, got none");
  await cp(join(photos, 'grey.png'), join(bare, 'grey.png'));
  expect(await failure(bare)).toContain("'ROOT/bare': expected color pictures, got 0 unreadable and 1 grey ones");
  expect(await failure(photos, '--weights', join(root, 'none'))).toContain('ROOT/none: expected a file, got no such');
  const inFile = await failure(photos, '--html', join(weights, 'page.html'));
  expect(inFile).toContain('ROOT/weights.safetensors: expected a folder to write into, got a file where');
});

test('wrong arguments are one line and 2', async () => {
  const wrong = async (...argv: string[]) => {
    const { code, out, err } = await call(...argv);
    expect([code, out]).toEqual([2, '']);
    return err.trimEnd();
  };
  expect(await wrong('a', '--size', '8')).toBe(
    "--size: expected a whole number from 16 to 2048, got '8' – see 'koalarize eval --help'",
  );
  for (const [argv, said] of [
    [[], 'expected one folder of color photographs, got none'],
    [['a', 'b'], 'expected one folder of color photographs, got 2'],
    [['a', '--what'], "Unknown option '--what'"],
    [['a', '--limit', '0'], 'a whole number above 0'],
    [['a', '--render-size', '1.5'], 'from 8 to 2048'],
    [['a', '--strength', '-1'], "got '-1'"],
    [['a', '--strength', 'much'], "from 0 to 10, got 'much'"],
    [['a', '--smoothing', '2'], 'from 0 to 1'],
    [['a', '--sheet', 'sheet'], '.jpg .jpeg .jpe .png .webp .tif .tiff .avif .gif'],
    [['a', '--html', 'page.txt'], '.html .htm'],
    [['a', '--inception-size', '299'], '--inception FILE beside it'],
  ] as const) {
    const message = await wrong(...argv);
    expect(message).toContain(said);
    expect(message).toContain(argv[1]?.startsWith('--') ? argv[1] : '');
    expect(message).toContain(" – see 'koalarize eval --help'");
  }
  const help = await call('--help');
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toContain('koalarize eval DIR');
});

test('shards have each picture once, with the scores of one run', async () => {
  const whole = await reportOf();
  const reports: Report[] = [];
  for (let i = 0; i < 3; i++) {
    const { code, out, err } = await evaluate('--json', '--shard', `${i}/3`);
    if (code === 0) reports.push(JSON.parse(out) as Report);
    // A share of nothing that can be measured has no figures.
    else
      expect(err).toMatch(
        /expected color pictures, got (\d unreadable and|none \(in other shards: \d; left out: 1 \.txt\))/,
      );
  }
  expect(reports.length).toBeGreaterThan(1);
  for (const { protocol } of reports) expect(protocol.shard).toMatch(/^[0-2]\/3$/);
  expect(whole.protocol.shard).toBeUndefined();
  expect((await evaluate('--shard', reports[0]!.protocol.shard!)).out).toMatch(/pictures +\d of \d in shard \d\/3 of /);
  const scores = (pictures: Report['pictures']) =>
    new Map(pictures.map(({ sha256: hash, ours, grey }) => [hash, { ours, grey }]));
  const all = reports.flatMap(({ pictures }) => pictures);
  // b.png is there twice, in two shards or in one.
  const paths = all.map(({ path }) => path).sort();
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths.filter((path) => path !== 'sub/again.png')).toEqual([...NAMES].sort());
  expect(scores(all)).toEqual(scores(whole.pictures));
});

describe('the bootstrap', () => {
  const wave = Array.from({ length: 400 }, (_, i) => Math.sin(i * 1.7) * 3 + 10);

  test('a mean has the interval of the normal approximation', () => {
    const mean = wave.reduce((sum, v) => sum + v) / wave.length;
    const deviation = Math.sqrt(wave.reduce((sum, v) => sum + (v - mean) ** 2, 0) / wave.length);
    const { value, low, high } = new Bootstrap({ wave }).mean('wave');
    expect(value).toBeCloseTo(mean, 12);
    const half = (1.96 * deviation) / Math.sqrt(wave.length);
    expect(Math.abs((mean - low) / half - 1)).toBeLessThan(0.06);
    expect(Math.abs((high - mean) / half - 1)).toBeLessThan(0.06);
  });

  test('numbers of a picture are drawn together', () => {
    const twice = wave.map((v) => 2 * v);
    const all = new Bootstrap({ wave, twice, one: wave.map(() => 1) });
    expect(all.estimate((mean) => mean('twice') / mean('wave'))).toEqual({ value: 2, low: 2, high: 2 });
    expect(all.mean('one')).toEqual({ value: 1, low: 1, high: 1 });
  });
});

test.each([1, 2, 3, 4, 7, 17, 18, 100])('best, median and worst of %d pictures: in order, none twice', (count) => {
  const pictures = Array.from({ length: count }, (_, i) => {
    const score = (deltaE00: number) => ({ deltaE00 }) as Score;
    return { path: `${i}`, ours: score(((i * 37) % 101) + 1), grey: score(50) } as PictureReport;
  });
  const { best, median, worst } = groupsOf(pictures);
  const all = [...best, ...median, ...worst];
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBe(count < 3 ? count : 3 * Math.min(6, Math.floor(count / 3)));
  const shares = pictures.map(errorLeft).sort((one, other) => one - other);
  expect(best.map(errorLeft)).toEqual(shares.slice(0, best.length));
  expect(worst.map(errorLeft)).toEqual(shares.slice(count - worst.length).reverse());
  // As many lie before the middle ones as after, or one fewer.
  const before = shares.indexOf(errorLeft(median[0] ?? best[0]!));
  if (median.length) expect(count - before - median.length - before).toBeLessThanOrEqual(1);
});
