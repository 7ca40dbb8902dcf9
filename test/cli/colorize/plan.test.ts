/** Plans of the colorize command: which file becomes which, and that no file that is read is ever written. */
import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { planJobs } from '../../../src/cli/colorize/plan.ts';
import { UsageError } from '../../../src/cli/shared/messages.ts';
import { anyTree } from '../../support/any_tree.ts';
import { temporaryFolder } from '../../support/fixtures.ts';

let root: string;
beforeEach(async () => {
  root = await temporaryFolder();
});

const at = (name: string) => (name.endsWith('/') ? `${join(root, name)}/` : join(root, name));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(at(name)), { recursive: true });
    await writeFile(at(name), `original ${name}`);
  }
}

/** A plan as lines: `input > output`, or `input ! why not`. */
async function plan(inputs: string[], out: string): Promise<string[]> {
  const { jobs } = await planJobs(inputs.map(at), at(out));
  const short = (path: string) => relative(root, path);
  return jobs.map(({ input, output, error }) =>
    error ? `${short(input)} ! ${error.replaceAll(`${root}/`, '')}` : `${short(input)} > ${short(output)}`,
  );
}

const ITSELF = 'expected another output file, got the input itself – choose another -o';

describe('no original is replaced', () => {
  test('neither its own nor that of another picture of the call', async () => {
    await put('x.jpg', 'out/x.jpg', 'out/y.jpg', 'a.bmp', 'out/a.png');
    expect(await plan(['x.jpg', 'out/x.jpg', 'a.bmp', 'out/a.png', 'out/y.jpg'], 'out/')).toEqual([
      'x.jpg > out/x-2.jpg',
      `out/x.jpg ! out/x.jpg: ${ITSELF}`,
      'a.bmp > out/a-2.png',
      `out/a.png ! out/a.png: ${ITSELF}`,
      `out/y.jpg ! out/y.jpg: ${ITSELF}`,
    ]);
  });

  test('through a link to the folder, to the file, or a second name of it', async () => {
    await put('photos/a.jpg', 'photos/b.jpg', 'photos/c.bmp');
    await symlink('photos', at('link'));
    expect(await plan(['photos/a.jpg', 'photos/b.jpg'], 'link')).toEqual([
      `photos/a.jpg ! photos/a.jpg: ${ITSELF}`,
      `photos/b.jpg ! photos/b.jpg: ${ITSELF}`,
    ]);
    await expect(plan(['photos'], 'link')).rejects.toThrow('expected another folder than that of the photographs');
    await mkdir(at('out'));
    await symlink('../photos/a.jpg', at('out/a.jpg'));
    await link(at('photos/a.jpg'), at('out/b.jpg'));
    expect(await plan(['photos/a.jpg', 'photos/b.jpg'], 'out')).toEqual([
      `photos/a.jpg ! photos/a.jpg: ${ITSELF}`,
      'photos/b.jpg > out/b-2.jpg',
    ]);
    expect(await plan(['photos/a.jpg'], 'out/a.jpg')).toEqual([`photos/a.jpg ! photos/a.jpg: ${ITSELF}`]);
  });

  test('an output folder that is one of the inputs is refused', async () => {
    await put('c/a.jpg', 'd/a.jpg');
    await expect(plan(['c', 'd'], 'd')).rejects.toThrow(UsageError);
    await expect(plan(['c', 'd'], 'd/../d/')).rejects.toThrow(UsageError);
  });

  test('and none lies where it would be taken for a photograph the next time', async () => {
    await put('photos/2019/2019/x.jpg', 'photos/2019/y.jpg');
    expect(await plan(['photos/2019'], 'photos')).toEqual([
      expect.stringMatching(/^photos\/2019\/2019\/x\.jpg ! .*expected an output outside of the folders of photographs/),
      'photos/2019/y.jpg > photos/y.jpg',
    ]);
  });
});

describe('folders', () => {
  test('what lies below the output folder is no input', async () => {
    await put('photos/a.jpg', 'photos/colored/a.jpg', 'photos/colored/deep/b.jpg');
    await symlink('colored/deep', at('photos/link'));
    expect(await plan(['photos'], 'photos/colored')).toEqual(['photos/a.jpg > photos/colored/a.jpg']);
  });

  test('a picture that is named twice is colored once', async () => {
    await put('photos/a.jpg', 'photos/2019/b.jpg');
    const twice = ['photos/a.jpg', 'photos', 'photos/2019', 'photos/../photos/a.jpg'];
    expect(await plan(twice, 'out')).toEqual(['photos/a.jpg > out/a.jpg', 'photos/2019/b.jpg > out/2019/b.jpg']);
  });

  test('an empty one is told, and what is no picture counted', async () => {
    await put('empty/notes.txt', 'photos/a.jpg', 'photos/b.mov');
    expect(await plan(['empty', 'photos'], 'out')).toEqual([
      'empty ! empty: expected pictures in this folder, got none',
      'photos/a.jpg > out/a.jpg',
    ]);
    const { leftOut } = await planJobs([at('photos'), at('empty')], at('out'));
    expect([...leftOut]).toEqual([
      ['.mov', 1],
      ['.txt', 1],
    ]);
  });
});

describe('names', () => {
  test('differ by more than case, and ways to write accents', async () => {
    await put('p/a.jpg', 'q/A.JPG', 'p/caf\u00e9.png', 'q/cafe\u0301.png', 'q/a-2.jpg');
    expect(await plan(['p', 'q'], 'out')).toEqual([
      'p/a.jpg > out/a.jpg',
      'p/caf\u00e9.png > out/caf\u00e9.png',
      'q/A.JPG > out/A-2.JPG',
      'q/a-2.jpg > out/a-2-2.jpg',
      'q/cafe\u0301.png > out/cafe\u0301-2.png',
    ]);
  });

  test('end with a format that can be written', async () => {
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
    await put('a.heic', 'b.jfif', 'c.WebP');
    for (const name of ['plain', 'summer.2019']) await writeFile(at(name), jpeg);
    await writeFile(at('drawing'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    expect(await plan(['a.heic', 'b.jfif', 'c.WebP', 'plain', 'summer.2019', 'drawing'], 'out')).toEqual([
      'a.heic > out/a.png',
      'b.jfif > out/b.jpg',
      'c.WebP > out/c.WebP',
      'plain > out/plain.jpg',
      'summer.2019 > out/summer.2019.jpg',
      'drawing > out/drawing.png',
    ]);
  });

  test('are never longer than 255 bytes', async () => {
    const [plain, long] = [`${'é'.repeat(126)}x`, `${'é'.repeat(125)}x`];
    await writeFile(at(plain), Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
    await put(`p/${long}.png`, `q/${long}.png`);
    const { jobs } = await planJobs([plain, 'p', 'q'].map(at), at('out'));
    const names = jobs.map(({ output }) => basename(output));
    expect(names).toEqual([`${'é'.repeat(125)}.jpg`, `${long}.png`, `${'é'.repeat(124)}-2.png`]);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  });
});

describe('-o', () => {
  test('a file for several pictures, or for a folder, is refused', async () => {
    await put('a.jpg', 'b.jpg', 'photos/c.jpg', 'is.jpg');
    for (const [inputs, out] of [
      [['a.jpg', 'b.jpg'], 'new.jpg'],
      [['photos'], 'new.png'],
      [['a.jpg', 'b.jpg'], 'is.jpg'],
    ] as const) {
      await expect(plan([...inputs], out)).rejects.toThrow(
        `-o: expected a folder for several pictures (with a / at its end), got the file '${at(out)}'`,
      );
    }
    expect(await plan(['a.jpg', 'b.jpg'], 'new.jpg/')).toEqual(['a.jpg > new.jpg/a.jpg', 'b.jpg > new.jpg/b.jpg']);
    await expect(plan(['a.jpg'], 'new.xyz')).rejects.toThrow("got '");
    await expect(planJobs(['s3://b/old'], 'new/')).rejects.toThrow(/got 's3:\/\/b\/old' – .*'koalarize enqueue'/);
  });
});

test.each(Array.from({ length: 40 }, (_, seed) => seed))('any tree, any call: seed %i', anyTree);
