/** What the commands write to the terminal: nothing from outside that it would obey; and what they do when nobody reads. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { print, printable, printJson, sayLine } from '../../../src/cli/shared/messages.ts';
import { reportText } from '../../../src/cli/study/text.ts';
import { encodeSafetensors } from '../../../src/formats/safetensors.ts';
import { labelTable } from '../../../src/util/table.ts';
import { built } from '../../support/built.ts';
import { model, node } from '../../support/proto_builder.ts';
import { captured, koalarize, temporaryFolder } from '../../support/run.ts';

/** Clears the screen, in C0 and in C1; turns the direction; ends the line. */
const EVIL = 'a\u001b[2Jb\u009b2Jc\u202etxt\u2066d\u007f\r\ne\u2028f';
const SPELLED = 'a\\u001b[2Jb\\u009b2Jc\\u202etxt\\u2066d\\u007f\\u000d\\u000ae\\u2028f';
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** Nothing but line ends is left. */
function expectHarmless(text: string): void {
  expect(text.replaceAll('\n', '')).not.toMatch(OBEYED);
}

describe('text from outside', () => {
  test('is spelled out', () => {
    expect(printable(EVIL)).toBe(SPELLED);
    expect(printable('Großmutter 1920, 写真 → é')).toBe('Großmutter 1920, 写真 → é');
  });

  test('in lines, results, tables, and as JSON, where it stays what it is', async () => {
    const { out, err } = await captured(async () => {
      sayLine(EVIL);
      print(`one\n${EVIL.replaceAll(/[\r\n]/g, '')}\n`);
      print(labelTable([['label', EVIL]]));
      printJson({ name: EVIL }, 2);
      return 0;
    });
    expect(err).toBe(`${SPELLED}\n`);
    expectHarmless(out);
    const lines = out.split('\n');
    expect(lines.slice(0, 3)).toEqual(['one', SPELLED.replace('\\u000d\\u000a', ''), `  label  ${SPELLED}`]);
    expect(JSON.parse(lines.slice(3).join('\n'))).toEqual({ name: EVIL });
  });

  test("what other people's answers to a study say", () => {
    const rate = { count: 1, of: 2, value: 0.5, low: 0.1, high: 0.9 };
    const kind = { ...rate, overPeople: null, overPeopleAndPictures: null };
    const text = reportText({
      study: {
        id: '0123456789ab',
        pictures: [{ sha256: '0', name: EVIL }],
        weights: EVIL,
        strength: 1,
        renderSize: 224,
        size: 256,
        seconds: null,
        both: false,
      },
      intervals: '95 %',
      people: 1,
      sittings: 1,
      unfinished: 0,
      repeated: 0,
      answers: 2,
      medianMs: 900,
      takenForReal: { ours: kind, real: kind },
      right: rate,
      byPerson: [{ person: EVIL, sittings: 1, answers: 2, ours: rate, real: rate, right: rate }],
      byPicture: [{ name: EVIL, sha256: '0', ours: rate, real: rate, right: rate }],
    });
    expectHarmless(text);
    expect(text.split(SPELLED)).toHaveLength(4);
  });

  test('is written by way of messages.ts alone; three files draw over lines of their own', () => {
    const cli = resolve(import.meta.dirname, '../../../src/cli');
    const files = readdirSync(cli, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const writes = (file: string) => /process\.std(out|err)|console\./.test(readFileSync(join(cli, file), 'utf8'));
    expect(files.filter(writes).sort()).toEqual([
      'shared/messages.ts',
      'shared/progress_line.ts',
      'shared/tune.ts',
      'train/progress.ts',
    ]);
  });
});

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

describe('the built commands', () => {
  test('inspect: metadata of weights, names of a model, the path itself', async () => {
    const weights = join(folder, `${EVIL.replace('/', '')}.safetensors`);
    const tensors = new Map([[EVIL, { shape: [1], data: new Float32Array(1) }]]);
    await writeFile(weights, encodeSafetensors({ tensors, metadata: { [EVIL]: EVIL } }));
    const onnx = join(folder, 'model.onnx');
    const graph = { nodes: [node('Relu', [EVIL], ['y'])], inputs: { [EVIL]: [1] }, outputs: { y: [1] } };
    await writeFile(onnx, model({ ...graph, model: { producerName: EVIL, producerVersion: EVIL } }));
    for (const path of [weights, onnx]) {
      for (const options of [[], ['--json']]) {
        const { code, stdout, stderr } = await koalarize(['inspect', path, ...options]);
        expect(code, stderr).toBe(0);
        expectHarmless(stdout + stderr);
        expect(stdout).toContain('\\u001b[2J');
      }
    }
  });

  test('colorize: names of files in failures, and in JSON', async () => {
    const photos = join(folder, 'photos');
    await mkdir(photos);
    await writeFile(join(photos, `${EVIL}.jpg`), 'no picture');
    const { code, stdout, stderr } = await koalarize([photos, '-o', join(folder, 'out'), '--json']);
    expect(code).toBe(1);
    expectHarmless(stdout + stderr);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({ input: join(photos, `${EVIL}.jpg`) });
  });
});

/** Runs a command whose output nobody reads from some moment on. @returns its exit code and what was left to read */
function unread(args: readonly string[], closed: 'stdout' | 'stderr') {
  const cli = built('cli.js');
  const child = spawn(process.execPath, [cli, ...args]);
  child[closed].destroy();
  let other = '';
  child[closed === 'stdout' ? 'stderr' : 'stdout'].on('data', (text) => (other += text));
  return new Promise<{ code: number | null; other: string }>((done) => {
    child.on('close', (code) => done({ code, other }));
  });
}

describe('a closed pipe ends a command quietly', () => {
  test('what writes once has ended before', async () => {
    expect(await unread(['inspect', 'weights/koalarize.safetensors'], 'stdout')).toEqual({ code: 0, other: '' });
  });

  test('what writes line by line, to either', async () => {
    const missing = Array.from({ length: 50 }, (_, i) => `missing-${i}.jpg`);
    expect(await unread([...missing, '-o', join(folder, 'none/')], 'stderr')).toEqual({ code: 141, other: '' });
    const { code, other } = await unread([...missing, '-o', join(folder, 'none/'), '--json'], 'stdout');
    expect(code).toBe(141);
    expect(other).not.toMatch(/EPIPE|\n\s+at /);
  });
});

describe('an unknown command', () => {
  test.each([
    ['trian', "did you mean 'train'?"],
    ['insepct', "did you mean 'inspect'?"],
    ['evl', "did you mean 'eval'?"],
    ['constructor', ' – see'],
    ['toString', ' – see'],
    ['__proto__', ' – see'],
  ])('%s', async (word, told) => {
    const { code, stderr } = await koalarize([word, 'photos/']);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^expected colorize, train, .*, an image or a folder, got '${word}'`));
    expect(stderr).toContain(told);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('but a path is a path', async () => {
    const { code, stderr } = await koalarize(['trian.jpg', '-o', join(folder, 'x.png')]);
    expect(code).toBe(1);
    expect(stderr).toContain('trian.jpg: expected an image file, got no such file');
  });
});
