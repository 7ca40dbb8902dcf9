/** `koalarize study`: rates and their intervals, what a page holds, how answers are merged, and the messages. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSquare } from '../../../src/cli/shared/center_crops.ts';
import { dataUrl } from '../../../src/cli/shared/reports/page.ts';
import { studyCommand } from '../../../src/cli/study/index.ts';
import { type StudyReport, sum } from '../../../src/cli/study/merge.ts';
import {
  type Answer,
  type Deck,
  drawOrder,
  FORMAT,
  oursAt,
  type Saved,
  type Sitting,
  type Study,
  VERSION,
} from '../../../src/evaluation/answers.ts';
import { clustered } from '../../../src/evaluation/clustered.ts';
import { isRight, ratesOf, wilson } from '../../../src/evaluation/rates.ts';
import { sha256 } from '../../../src/onnx/sha256.ts';
import { Random } from '../../../src/util/random.ts';
import { writePicture } from '../../support/pictures.ts';
import { captured, writeTestWeights } from '../../support/run.ts';

let root: string;
let photos: string;
let weights: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-study-'));
  photos = join(root, 'photos');
  weights = join(root, 'weights.safetensors');
  await writeTestWeights(weights);
  for (let i = 0; i < 7; i++) await writePicture(join(photos, `photo ${i}.png`), i, 40, 32);
});
afterAll(() => rm(root, { recursive: true }));

async function study(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, out, err } = await captured(() => studyCommand(argv));
  return { code, out, err: err.replaceAll(root, 'ROOT').replaceAll(/[0-9a-f]{12}/g, 'ID') };
}

/** Makes a page, and reads what it carries. */
async function deckOf(name: string, ...argv: string[]): Promise<{ deck: Deck; page: string; err: string }> {
  const path = join(root, name);
  const small = ['--size', '32', '--render-size', '16', '--weights', weights];
  const { code, err } = await study(photos, '-o', path, ...small, ...argv);
  expect(code, err).toBe(0);
  const page = await readFile(path, 'utf8');
  const [, json] = /<script type="application\/json" id="deck">(.*)<\/script>\n<script type="module">/.exec(page)!;
  return { deck: JSON.parse(json!) as Deck, page, err };
}

describe("Wilson's interval", () => {
  // R. G. Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%d of %d is as published', (count, of, low, high) => {
    const rate = wilson(count, of);
    expect(rate).toMatchObject({ count, of, value: count / of });
    expect(rate.low).toBeCloseTo(low, 4);
    expect(rate.high).toBeCloseTo(high, 4);
    // What was not counted has the rest.
    const rest = wilson(of - count, of);
    expect(rest.low).toBeCloseTo(1 - rate.high!, 12);
    expect(rest.high).toBeCloseTo(1 - rate.low!, 12);
  });

  test('nothing asked has no rate', () => {
    expect(wilson(0, 0)).toEqual({ count: 0, of: 0, value: null, low: null, high: null });
  });

  test('its ends are where the score test is at its limit', () => {
    const { low, high } = wilson(7, 31);
    for (const p of [low!, high!]) expect(Math.abs(7 / 31 - p) / Math.sqrt((p * (1 - p)) / 31)).toBeCloseTo(1.96, 4);
  });
});

/** Answers in short: `o` and `r` are ours and real, taken for fake; capitals were taken for real. */
function answersOf(text: string, from = 0): Answer[] {
  return [...text].map((letter, i) => ({
    picture: `${from + i}`,
    shown: letter.toLowerCase() === 'o' ? 'ours' : 'real',
    verdict: letter === letter.toUpperCase() ? 'real' : 'fake',
    ms: 1000 * (i + 1),
  }));
}

test('counts what was taken for real, and what was judged rightly', () => {
  const answers = answersOf('OOoRRRr');
  expect(answers.map(isRight)).toEqual([false, false, true, true, true, true, false]);
  expect(ratesOf(answers)).toEqual({ ours: wilson(2, 3), real: wilson(3, 4), right: wilson(4, 7) });
});

describe('intervals over people and pictures', () => {
  const person = (text: string, name: string) => ({ person: name, answers: answersOf(text) });

  test('too few of them have none', () => {
    expect(clustered([person('OoO', 'a')], 'people')).toBeNull();
    expect(clustered([person('', 'a'), person('Oo', 'b')], 'people')).toBeNull();
    expect(clustered([person('O', 'a'), person('o', 'b')], 'people and pictures')).toBeNull();
  });

  test('people who all answer alike add nothing; people who differ do', () => {
    const alike = Array.from({ length: 12 }, (_, i) => person('OoOoOoOo', `${i}`));
    expect(clustered(alike, 'people')).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
    const differ = Array.from({ length: 12 }, (_, i) => person(i % 2 ? 'OOOOOOOO' : 'oooooooo', `${i}`));
    const { value, low, high } = clustered(differ, 'people')!;
    expect(value).toBe(0.5);
    // A mean of twelve coins: its standard deviation is 0.5 / sqrt(12).
    expect((high - low) / ((2 * 1.96 * 0.5) / Math.sqrt(12))).toBeCloseTo(1, 0);
    // Far wider than if 96 answers were 96 draws.
    const single = wilson(48, 96);
    expect(high - low).toBeGreaterThan(2 * (single.high! - single.low!));
  });

  test('pictures that fool everybody show only where pictures are drawn too', () => {
    const alike = Array.from({ length: 12 }, (_, i) => person('OOOOoooo', `${i}`));
    const { value, low, high } = clustered(alike, 'people and pictures')!;
    expect(value).toBe(0.5);
    expect((high - low) / ((2 * 1.96 * 0.5) / Math.sqrt(8))).toBeCloseTo(1, 0);
  });

  test('people who saw different pictures are compared all the same', () => {
    const people = [
      { person: 'a', answers: answersOf('Oo', 0) },
      { person: 'b', answers: answersOf('oo', 2) },
    ];
    const { value, low, high } = clustered(people, 'people and pictures')!;
    expect(value).toBe(0.25);
    expect(low).toBe(0);
    expect(high).toBeLessThanOrEqual(1);
  });
});

describe('a sitting', () => {
  test.each([2, 3, 12, 25])('of %d pictures shows each once, half of them as ours', (count) => {
    const order = drawOrder(count, false, new Random(count));
    expect(order.map(({ picture }) => picture).sort((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    expect(order.filter(({ shown }) => shown === 'ours')).toHaveLength(count >> 1);
  });

  test('differs from seed to seed, in order and in what is shown how', () => {
    const [one, other] = [1, 2].map((seed) => drawOrder(12, false, new Random(seed)));
    expect(one!.map(({ picture }) => picture)).not.toEqual(other!.map(({ picture }) => picture));
    const ours = (order: typeof one) => new Set(order!.filter(({ shown }) => shown === 'ours').map((of) => of.picture));
    expect(ours(one)).not.toEqual(ours(other));
    // Each picture is shown as ours about as often as not, and so is each place.
    const shown = new Float64Array(12);
    const placed = new Float64Array(12);
    for (let seed = 0; seed < 2000; seed++) {
      drawOrder(12, false, new Random(seed)).forEach((card, place) => {
        if (card.shown !== 'ours') return;
        shown[card.picture]! += 1 / 2000;
        placed[place]! += 1 / 2000;
      });
    }
    for (const share of [...shown, ...placed]) expect(Math.abs(share - 0.5)).toBeLessThan(0.06);
  });

  test('of both ways shows each as ours and as it is, never upon itself', () => {
    for (let seed = 0; seed < 200; seed++) {
      const order = drawOrder(4, true, new Random(seed));
      expect(new Set(order.map(({ picture, shown }) => `${picture} ${shown}`)).size).toBe(8);
      for (let i = 1; i < order.length; i++) expect(order[i]!.picture).not.toBe(order[i - 1]!.picture);
    }
  });
});

describe('the page', () => {
  test('carries the first pictures by hash both ways, and the code tells which is which', async () => {
    const { deck, page, err } = await deckOf('study.html', '--count', '2');
    expect(err).toMatch(/study {4}ID: a sitting shows 2 colored and 2 real ones/);
    expect(err).not.toContain('warning');
    const files = await Promise.all(
      Array.from({ length: 7 }, async (_, i) => {
        const path = join(photos, `photo ${i}.png`);
        return { path, hash: await sha256(await readFile(path)), name: `photo ${i}.png` };
      }),
    );
    files.sort((one, other) => (one.hash < other.hash ? -1 : 1));
    expect(deck.study).toMatchObject({
      pictures: files.slice(0, 4).map(({ hash, name }) => ({ sha256: hash, name })),
      weights: await sha256(await readFile(weights)),
      strength: 1,
      renderSize: 16,
      smoothing: 0.5,
      size: 32,
      seconds: null,
      both: false,
    });
    for (const [i, [one, other, code]] of deck.cards.entries()) {
      const real = await dataUrl(await readSquare(files[i]!, 32));
      expect([one, other][1 - oursAt(code)]).toBe(real);
      expect([one, other][oursAt(code)]).not.toBe(real);
    }
    // Other colors without smoothing.
    const { deck: rough } = await deckOf('rough.html', '--count', '2', '--smoothing', '0');
    expect(rough.study.smoothing).toBe(0);
    const ours = ({ cards }: Deck) => cards.map(([one, other, code]) => [one, other][oursAt(code)]);
    expect(ours(rough)).not.toEqual(ours(deck));
    // No name of a picture is in what is shown, and no element says which picture is which.
    expect(page.slice(0, page.indexOf('id="deck"'))).not.toMatch(/photo \d/);
    expect(page).not.toMatch(/https?:|@import|\bsrc="/);
  });

  test('which of the two comes first is by lot', () => {
    const random = new Random(3);
    const first = Array.from({ length: 1000 }, () => oursAt(random.next()));
    const share = first.filter((at) => at === 0).length / 1000;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.06);
    expect([0, 1, 3, 7, 0x80000000, 0xffffffff].map(oursAt)).toEqual([0, 1, 0, 1, 1, 0]);
  });

  test('the same again has the same name; another seed, strength, smoothing or time has another', async () => {
    const studyOf = async (...argv: string[]) => (await deckOf('again.html', '--count', '2', ...argv)).deck.study;
    const first = await studyOf();
    expect(await studyOf()).toEqual(first);
    const seeded = await studyOf('--seed', '5');
    expect(seeded.pictures).not.toEqual(first.pictures);
    const ids = [first.id, seeded.id];
    for (const argv of ['--strength=0.5', '--smoothing=0', '--seconds=2']) ids.push((await studyOf(argv)).id);
    expect(new Set(ids).size).toBe(5);
  });

  test('too few pictures make a smaller study, of as many of either kind', async () => {
    const { deck, err } = await deckOf('small.html');
    expect(deck.cards).toHaveLength(6);
    expect(err).toContain('warning  expected 12 pictures of each kind, got enough for 3');
    const { deck: both } = await deckOf('both.html', '--both');
    expect(both.cards).toHaveLength(7);
  });
});

const STUDY: Study = {
  id: '0123456789ab',
  pictures: ['0', '1', '2', '3'].map((sha) => ({ sha256: sha, name: `${sha}.jpg` })),
  weights: 'f'.repeat(64),
  strength: 1,
  renderSize: 224,
  smoothing: 0.5,
  size: 384,
  seconds: null,
  both: false,
};
const sitting = (id: string, person: string, text: string): Sitting => ({
  id,
  person,
  started: '2026-01-01T00:00:00.000Z',
  planned: 4,
  answers: answersOf(text),
});
const saved = (...sittings: Sitting[]): Saved => ({ format: FORMAT, version: VERSION, study: STUDY, sittings });

async function written(name: string, value: unknown): Promise<string> {
  const path = join(root, name);
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

describe('merging', () => {
  test('adds up answers, people and pictures; a sitting saved twice counts once, at its longest', async () => {
    const files = [
      await written('a.json', saved(sitting('s1', 'Ada', 'Oo'))),
      await written('b.json', saved(sitting('s1', 'Ada', 'OoRr'), sitting('s2', '', 'oORR'))),
      await written('c.json', saved(sitting('s3', 'Ada ', 'rRO'))),
    ];
    const { code, out, err } = await study('--merge', ...files, '--json');
    expect([code, err]).toEqual([0, '']);
    const report = JSON.parse(out) as StudyReport;
    expect(report).toMatchObject({ people: 2, sittings: 3, unfinished: 1, repeated: 1, answers: 11, medianMs: 2000 });
    expect(report.takenForReal.ours).toMatchObject(wilson(3, 5));
    expect(report.takenForReal.real).toMatchObject(wilson(4, 6));
    expect(report.right).toEqual(wilson(6, 11));
    expect(report.byPerson.map(({ person, sittings, answers, ours }) => [person, sittings, answers, ours])).toEqual([
      ['Ada', 2, 7, wilson(2, 3)],
      ['(s2)', 1, 4, wilson(1, 2)],
    ]);
    // Highest first: 2 and 0 by one answer each, then 1.
    expect(report.byPicture.map(({ name, ours }) => [name, ours.count, ours.of])).toEqual([
      ['2.jpg', 1, 1],
      ['0.jpg', 1, 2],
      ['1.jpg', 1, 2],
      ['3.jpg', 0, 0],
    ]);
    const { out: text } = await study('--merge', ...files);
    expect(text).toMatch(/ours, taken for real {2}3 of 5 {3}60 % {2}23…88/);
    expect(text).toContain('render size 224, smoothing 0.5');
    expect(text).toMatch(/people {5}2, in 3 sittings \(1 unfinished, 1 repeated and counted once\)/);
    expect(text).toMatch(/3\.jpg {4}none asked/);
  });

  test('the intervals over people are in the report where there are several', () => {
    const { takenForReal } = sum(STUDY, [sitting('a', '', 'OOrr'), sitting('b', '', 'ooRR')]);
    expect(takenForReal.ours.overPeople).toEqual({ low: 0, high: 1 });
    expect(takenForReal.ours.overPeopleAndPictures).toEqual({ low: 0, high: 1 });
    expect(sum(STUDY, [sitting('a', '', 'OOrr')]).takenForReal.ours.overPeople).toBeNull();
    expect(sum(STUDY, [])).toMatchObject({ answers: 0, medianMs: null, right: { of: 0, value: null } });
  });

  test('studies that were made before smoothing was written down are read, and say so', async () => {
    const { smoothing: _, ...before } = STUDY;
    const { code, out } = await study(
      '--merge',
      await written('before.json', { ...saved(sitting('s', '', 'OoRr')), study: before }),
    );
    expect(code).toBe(0);
    expect(out).toContain('render size 224, smoothing not told');
  });

  test('files that are no answers, or of another study, are named', async () => {
    const failure = async (...files: string[]) => {
      const { code, out, err } = await study('--merge', ...files);
      expect([code, out]).toEqual([1, '']);
      return err.trimEnd();
    };
    const good = await written('good.json', saved(sitting('s', '', 'OoRr')));
    expect(await failure(good, join(root, 'none.json'))).toContain('ROOT/none.json: expected a file of saved answers');
    expect(await failure(await written('text.json', 'no JSON'))).toContain('text.json: expected JSON, got');
    expect(await failure(await written('list.json', []))).toMatchInlineSnapshot(
      `"failed: ROOT/list.json: expected the file as an object, got [] – is it what the page saved?"`,
    );
    const unknown = await written('other.json', { ...saved(), format: 'x' });
    expect(await failure(unknown)).toContain('other.json: expected format \'koalarize study\', got "x"');
    const another = await written('another.json', { ...saved(), study: { ...STUDY, id: 'ffffffffffff' } });
    expect(await failure(good, another)).toContain(
      'another.json: expected answers to the study ID of ROOT/good.json, got ID',
    );
    const bad = async (change: Partial<Record<keyof Answer, unknown>>) => {
      const { answers, ...rest } = sitting('s', '', 'OoRr');
      const value = {
        ...saved(),
        sittings: [{ ...rest, answers: [{ ...answers[0], ...change }, ...answers.slice(1)] }],
      };
      return failure(await written('bad.json', value));
    };
    expect(await bad({ verdict: 'maybe' })).toContain("expected a verdict, 'fake' or 'real', got \"maybe\"");
    expect(await bad({ shown: 'grey' })).toContain("expected shown as 'ours' or 'real', got \"grey\"");
    expect(await bad({ picture: '9' })).toContain('expected an answer on a picture of the study, got "9"');
    expect(await bad({ picture: '1' })).toContain('expected each picture once in a sitting');
    expect(await bad({ ms: -1 })).toContain('expected ms of 0 or more, got -1');
  });
});

test('what cannot be asked for is one line and 2', async () => {
  const wrong = async (...argv: string[]) => {
    const { code, out, err } = await study(...argv);
    expect([code, out]).toEqual([2, '']);
    return err.trimEnd();
  };
  for (const [argv, said] of [
    [[], 'expected one folder of color photographs (with --merge: files of saved answers), got none'],
    [['a'], 'expected -o FILE.html, got none'],
    [['a', 'b', '-o', 'x.html'], 'expected one folder of color photographs, got 2'],
    [['a', '-o', 'x.png'], "--output: expected a name that ends in .html .htm, got 'x.png'"],
    [['a', '-o', 'x.html', '--seconds', '0'], "--seconds: expected a number from 0.1 to 3600, got '0'"],
    [['a', '-o', 'x.html', '--count', '0'], '--count: expected a whole number from 1 to 500'],
    [['a', '-o', 'x.html', '--smoothing', '2'], '--smoothing: expected a number from 0 to 1'],
    [['--merge', 'a.json', '--count', '3'], '--merge: expected no --count beside it, got one'],
  ] as const) {
    const message = await wrong(...argv);
    expect(message).toContain(said);
    expect(message).toContain("see 'koalarize study --help'");
  }
  const { code, out } = await study('--help');
  expect(code).toBe(0);
  expect(out).toContain('koalarize study --merge');
});

test('one picture is not enough, unless it is shown both ways', async () => {
  const lonely = join(root, 'lonely');
  await mkdir(lonely);
  await cp(join(photos, 'photo 0.png'), join(lonely, 'only.png'));
  const small = ['--size', '32', '--render-size', '16', '--weights', weights, '-o', join(root, 'lonely.html')];
  const { code, err } = await study(lonely, ...small);
  expect(code).toBe(1);
  expect(err).toContain("failed: 'ROOT/lonely': expected two color pictures or more, got one – add some, or --both");
  expect((await study(lonely, '--both', ...small)).code).toBe(0);
});
