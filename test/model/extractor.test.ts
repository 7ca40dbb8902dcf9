/** The feature extractor: what it is fed with, which value it takes, and how it steers the colors. */
import { expect, test } from 'vitest';
import { Colorizer } from '../../src/index.ts';
import {
  decodeEmbedding,
  type EmbeddingKind,
  type ExtractorInfo,
  embeddingMetadata,
} from '../../src/model/embedding.ts';
import { Extractor, type ExtractorOptions } from '../../src/model/extractor.ts';
import { decodeWeights } from '../../src/model/weights.ts';
import { expectClose } from '../reference/close.ts';
import { answer, CLASSES, classifier, SIZE, weightsFor } from '../support/classifier.ts';
import { deep, noise, temporaryFolder } from '../support/fixtures.ts';
import { gpu } from '../support/gpu.ts';
import { model, node } from '../support/proto_builder.ts';
import { refusal } from '../support/refusal.ts';
import { writeTestWeights } from '../support/run.ts';

const picture = noise(61, 40, { seed: 3 });
/** float32 against float64: sums of some thousand products of order 1. */
const TOLERANCE = { absolute: 2e-5, relative: 2e-5 };

async function withExtractor<R>(
  body: (extractor: Extractor) => Promise<R>,
  file: Uint8Array = classifier(),
  options: ExtractorOptions = {},
): Promise<R> {
  const before = gpu.allocatedBytes;
  const extractor = await Extractor.open(gpu, file, options);
  try {
    return await body(extractor);
  } finally {
    await extractor.close();
    expect(gpu.allocatedBytes, 'buffers left behind').toBe(before);
  }
}

test('embeds what the definition says, from pictures of every kind', async () => {
  const { data, width, height } = picture;
  const pixels = Array.from({ length: width * height }, (_, i) => data.subarray(4 * i, 4 * i + 4));
  const of = (channels: (pixel: Uint8ClampedArray) => number[]) => ({
    data: Uint8ClampedArray.from(pixels.flatMap(channels)),
    width,
    height,
  });
  const kinds = {
    rgba: picture,
    rgb: of(([r, g, b]) => [r!, g!, b!]),
    grey: of(([r]) => [r!]),
    'grey, alpha': of(([r, g]) => [r!, g!]),
    transparent: of(([r, g, b]) => [r!, g!, b!, r!]),
    tiny: noise(1, 1),
    wide: noise(300, 5, { seed: 8 }),
    large: noise(1500, 900, { seed: 9, grey: true }),
  };
  await withExtractor(async (extractor) => {
    expect(extractor.description).toMatchObject({
      kind: 'logits',
      output: 'logits',
      width: CLASSES,
      size: SIZE,
      range: [-1, 1],
    });
    expect(extractor.sha256).toMatch(/^[0-9a-f]{64}$/);
    // Overlapping calls, one after the other inside.
    const got = await Promise.all(Object.values(kinds).map((kind) => extractor.embed(kind)));
    for (const [i, kind] of Object.values(kinds).entries()) expectClose(got[i]!, answer(kind).logits, TOLERANCE);
    // 16 bits are rounded to 8.
    expectClose(await extractor.embed(deep(picture)), answer(deep(picture)).logits, { absolute: 2e-2 });
  });
});

test('a closed extractor says so', async () => {
  const extractor = await Extractor.open(gpu, classifier());
  await extractor.close();
  await expect(extractor.embed(picture)).rejects.toThrow(/expected an open one, got a closed one/);
});

test('a mirrored picture has its own embedding', async () => {
  await withExtractor(async (extractor) => {
    const [plain, mirrored] = await Promise.all([extractor.embed(picture), extractor.embed(picture, { mirror: true })]);
    expectClose(mirrored!, answer(picture, { mirror: true }).logits, TOLERANCE);
    expect(Math.max(...plain!.map((v, i) => Math.abs(v - mirrored![i]!)))).toBeGreaterThan(1e-3);
  });
});

test('−1…1 unless told otherwise: other ranges give other embeddings', async () => {
  for (const range of [
    [0, 1],
    [0, 255],
    [1, -1],
  ] as const) {
    const want = answer(picture, { range }).logits;
    const got = await withExtractor((extractor) => extractor.embed(picture), classifier(), { range });
    expectClose(got, want, { absolute: 2e-5, relative: 1e-4 });
    const right = answer(picture).logits;
    expect(Math.max(...right.map((v, i) => Math.abs(v - want[i]!)))).toBeGreaterThan(0.01);
  }
});

test.each(['nchw', 'nhwc'] as const)('%s, of a declared or an open size', async (layout) => {
  const want = answer(picture).logits;
  expectClose(await withExtractor((one) => one.embed(picture), classifier({ layout })), want, TOLERANCE);
  const open = classifier({ layout, symbolic: true });
  expectClose(await withExtractor((one) => one.embed(picture), open, { size: SIZE }), want, TOLERANCE);
  const odd = answer(picture, { size: 31 }).logits;
  expectClose(await withExtractor((one) => one.embed(picture), open, { size: 31 }), odd, TOLERANCE);
  await withExtractor(async ({ description }) => expect(description.size).toBe(299), open);
});

test('logits, softmax and pooled, whatever the file ends in', async () => {
  const want = answer(picture);
  const cases: [EmbeddingKind, string | undefined, string, readonly string[]][] = [
    ['logits', undefined, 'logits', ['logits']],
    ['logits', undefined, 'logits', ['probabilities']],
    ['logits', undefined, 'logits', ['logits', 'probabilities']],
    ['logits', 'probabilities', 'logits', ['logits', 'probabilities']],
    ['softmax', undefined, 'logits', ['logits']],
    ['softmax', undefined, 'probabilities', ['probabilities']],
    ['pooled', undefined, 'pooled', ['logits']],
    ['pooled', 'probabilities', 'pooled', ['logits', 'probabilities']],
    ['logits', 'pooled', 'pooled', ['logits']],
  ];
  for (const [kind, output, used, outputs] of cases) {
    const file = classifier({ outputs });
    await withExtractor(
      async (extractor) => {
        expect(extractor.output).toBe(used);
        const numbers = used === 'pooled' ? want.pooled : want[kind];
        expectClose(await extractor.embed(picture), numbers, TOLERANCE);
        // What is recorded finds the same value again.
        const again = await Extractor.open(gpu, file, {}, extractor.description);
        expect(again.description).toEqual(extractor.description);
        expect(await again.embed(picture)).toEqual(await extractor.embed(picture));
        await again.close();
      },
      file,
      { kind, output },
    );
  }
});

test('a picture that the device cannot hold is resized on the CPU, to the same numbers', async () => {
  const banner = noise(3_000_000, 1, { seed: 6 });
  await withExtractor(
    async (extractor) => {
      expectClose(await extractor.embed(banner), answer(banner).logits, TOLERANCE);
      const mirrored = await extractor.embed(banner, { mirror: true });
      expectClose(mirrored, answer(banner, { mirror: true }).logits, TOLERANCE);
    },
    classifier({ layout: 'nhwc' }),
  );
});

test('a closed extractor says so, after what was asked before; what is no picture is refused', async () => {
  const before = gpu.allocatedBytes;
  const extractor = await Extractor.open(gpu, classifier());
  await expect(extractor.embed({ ...picture, data: new Float32Array(picture.data) } as never)).rejects.toThrow(
    'feature extractor: expected pixels as a Uint8ClampedArray, Uint8Array or Uint16Array, got Float32Array',
  );
  await expect(extractor.embed(picture, { mirrored: true } as never)).rejects.toThrow("do you mean 'mirror'?");
  await expect(extractor.embed(picture, null as never)).rejects.toThrow('expected options as an object, got null');
  const pending = extractor.embed(picture);
  await extractor.close();
  await extractor.close();
  expect(await pending).toHaveLength(extractor.width);
  await expect(extractor.embed(picture)).rejects.toThrow(
    'feature extractor: expected an open one, got a closed one – open it again',
  );
  expect(gpu.allocatedBytes).toBe(before);
  await expect(Extractor.open(gpu, classifier(), { outputs: 'x' } as never)).rejects.toThrow("do you mean 'output'?");
});

test('what is no classifier, or not asked well, is said', async () => {
  const open = async (file: Uint8Array, options: ExtractorOptions = {}) => Extractor.open(gpu, file, options);
  const relu = (inputs: Record<string, (number | string)[]>, names = Object.keys(inputs)) =>
    model({ inputs, outputs: ['y'], nodes: [node(names.length > 1 ? 'Add' : 'Relu', names, ['y'])] });
  await expect(open(relu({ x: [1, 3, 8, 9] }))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: model: expected one input of one square RGB picture, [1, 3, S, S] or [1, S, S, 3], got x [1, 3, 8, 9] – is it a classifier of pictures?]`,
  );
  await expect(open(relu({ x: [1, 1, 8, 8] }))).rejects.toThrow(
    refusal('FormatError', 'model', 'x [1, 1, 8, 8]', 'one square RGB picture'),
  );
  await expect(open(relu({ x: [2, 3, 8, 8] }))).rejects.toThrow(
    refusal('FormatError', 'model', 'x [2, 3, 8, 8]', 'one square RGB picture'),
  );
  await expect(open(relu({ x: ['N', 3, '', 'W'], z: [1] }))).rejects.toThrow(
    refusal('FormatError', 'model', 'x [N, 3, ?, W] and z [1]', 'one square RGB picture'),
  );
  await expect(open(relu({ x: [1, 3, 200, 200] }))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: model: expected a vector of at most 65536 values, got 'y' of shape [1, 3, 200, 200] – name another output]`,
  );
  await expect(open(classifier(), { size: 32 })).rejects.toThrow(refusal('FormatError', 'model', '32', '24'));
  await expect(open(classifier(), { output: 'nonsense' })).rejects.toThrow(/logits.*nonsense/);
  await expect(open(classifier({ outputs: ['logits', 'pooled'] }))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: model: expected one output, got 2: 'logits', 'pooled' – name the one with the logits (--inception-output)]`,
  );
  await expect(open(classifier(), { output: 'pooled', kind: 'pooled' })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: model: expected a Gemm or MatMul before 'pooled', whose input is pooled, got GlobalAveragePool – name the pooled value as the output, with kind logits]`,
  );
});

test('colors with the embedding of the picture that is colored', async () => {
  const file = classifier();
  const info = await withExtractor(async ({ description }) => description, file);
  const weights = weightsFor(info);
  const before = gpu.allocatedBytes;
  const colorizer = await Colorizer.load({ gpu, weights, inception: file });
  const chroma = await colorizer.chroma(picture);
  expect((await colorizer.colorize(picture)).data).toHaveLength(picture.data.length);
  await colorizer.close();
  expect(gpu.allocatedBytes).toBe(before);

  // The same network, with other last numbers for the classifier: other colors.
  const negative = await Colorizer.load({ gpu, weights: weightsFor({ ...info, range: [1, -1] }), inception: file });
  const other = await negative.chroma(picture);
  await negative.close();
  expect(Math.max(...chroma.data.map((v, i) => Math.abs(v - other.data[i]!)))).toBeGreaterThan(0.1);
});

test('weights know their extractor, and refuse another', async () => {
  const file = classifier();
  const info = await withExtractor(async ({ description }) => description, file);
  const weights = weightsFor(info);
  expect(decodeWeights(weights, 'w')).toMatchObject({ embedding: info, network: { embeddingWidth: CLASSES } });
  const load = async (inception?: Parameters<typeof Colorizer.load>[0] & object) => {
    const loaded = Colorizer.load({ gpu, weights, ...inception });
    return loaded
      .then((colorizer) => colorizer.close())
      .then(
        () => 'colored',
        (error: Error) =>
          `${error.name}: ${error.message}`.replaceAll(/[0-9a-f]{64}/g, (hash) =>
            hash === info.sha256 ? 'TRAINED' : 'OTHER',
          ),
      );
  };
  const { size, range, kind } = info;
  expect(await load({ inception: { source: file, size, range, kind, output: 'logits' } })).toBe('colored');
  expect(await load()).toMatchInlineSnapshot(
    `"FormatError: weights: expected the feature extractor of the training (logits of 'logits', 7 values, from 24 x 24 pixels in -1…1, SHA-256 TRAINED), got none – name its ONNX file (--inception)"`,
  );
  const sourceOther = classifier({ symbolic: true });
  expect(await load({ inception: sourceOther })).toMatch(/^FormatError: model: .*, with SHA-256 TRAINED, got OTHER/);
  expect(await load({ inception: { source: file, range: [0, 255] } })).toMatchInlineSnapshot(
    `"FormatError: model: expected the extractor of the training (range -1,1), got range 0,255 – use the options it was trained with"`,
  );
  expect(await load({ inception: { source: file, kind: 'softmax' } })).toContain('(kind logits), got kind softmax – ');
  const pooled = await load({ inception: { source: file, output: 'pooled' } });
  expect(pooled).toContain('(output logits, width 7), got output pooled, width 6 – ');
  const plain = `${await temporaryFolder()}/plain.safetensors`;
  await writeTestWeights(plain);
  expect(await load({ weights: plain, inception: file })).toMatch(
    /^FormatError: .*plain\.safetensors: expected no feature extractor, .*, got one – leave it out/,
  );
});

test('the metadata come back, and damaged ones are refused', () => {
  const info: ExtractorInfo = {
    kind: 'pooled',
    output: 'a/b:0',
    width: 1536,
    sha256: 'ef'.repeat(32),
    size: 299,
    range: [-1.5, 2],
  };
  expect(decodeEmbedding(embeddingMetadata(info), 'w')).toEqual(info);
  expect(decodeEmbedding(embeddingMetadata(undefined), 'w')).toBeUndefined();
  const wrong = {
    embedding: 'vector',
    embedding_width: '1.5',
    embedding_output: '',
    embedding_sha256: 'ef',
    embedding_size: '-3',
    embedding_range: '1,1',
  };
  for (const [key, value] of Object.entries(wrong)) {
    const named = new RegExp(`^w: expected ${key} as .*, got '${value}'`);
    expect(() => decodeEmbedding({ ...embeddingMetadata(info), [key]: value }, 'w')).toThrow(named);
    const { [key]: _, ...rest } = embeddingMetadata(info);
    expect(() => decodeEmbedding(rest, 'w')).toThrow(new RegExp(`^w: expected ${key} as .*, got none`));
  }
  expect(() => decodeEmbedding({ embedding: 'none', embedding_width: '7' }, 'w')).toThrow(/embedding_width as 0/);
});
