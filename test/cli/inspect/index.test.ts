/** `koalarize inspect` on files of every kind, whole and damaged. */
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeSafetensors } from '../../../src/formats/safetensors.ts';
import { externalTensor, model, node, rawData, tensor, value } from '../../support/proto_builder.ts';
import { koalarize, temporaryFolder, writeTestWeights } from '../../support/run.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
async function inspect(name: string) {
  const [plain, json] = [await koalarize(['inspect', at(name)]), await koalarize(['inspect', at(name), '--json'])];
  expect(plain.code, plain.stderr).toBe(0);
  expect(json.code).toBe(0);
  return { text: plain.stdout.replaceAll(folder, ''), report: JSON.parse(json.stdout) };
}

const random = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i));

/** Convolution, pooling, matrix product and softmax, with weights of every kind. */
function classifier() {
  return model({
    nodes: [
      node('Constant', [], ['scale'], { value: tensor('', [], [0.5]) }),
      node('Conv', ['x', 'w'], ['a'], { kernel_shape: [3, 3] }),
      node('Mul', ['a', 'scale'], ['b']),
      node('Relu', ['b'], ['c']),
      node('GlobalAveragePool', ['c'], ['pooled']),
      node('Flatten', ['pooled'], ['flat'], { axis: 1 }),
      node('Gemm', ['flat', 'dense', 'bias'], ['logits']),
      node('Softmax', ['logits'], ['probabilities'], { axis: 1 }),
    ],
    inputs: { x: ['N', 3, 'side', 'side'] },
    outputs: { probabilities: ['N', 10] },
    initializers: [
      tensor('w', [4, 3, 3, 3], random(108), { type: 'float16' }),
      externalTensor('dense', [4, 10], { location: 'weights.bin' }),
      tensor('bias', [10], random(10)),
    ],
    model: { producerName: 'tester', producerVersion: '1.2' },
  });
}

describe('ONNX', () => {
  test('a classifier: all that is in it, external data too, and what can serve as embedding', async () => {
    await writeFile(at('classifier.onnx'), classifier());
    await writeFile(at('weights.bin'), rawData(random(40)));
    const { text, report } = await inspect('classifier.onnx');
    expect(report).toMatchObject({
      format: 'onnx',
      producer: 'tester 1.2',
      irVersion: 8,
      opsets: { '': 17 },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      inputs: [{ name: 'x', type: 'float32', shape: ['N', 3, 'side', 'side'] }],
      outputs: [{ name: 'probabilities', type: 'float32', shape: ['N', 10] }],
      operators: { Conv: 1, Constant: 1, Softmax: 1 },
      stored: [
        { type: 'float16', arrays: 1, elements: 108, bytes: 216 },
        { type: 'float32', arrays: 3, elements: 51, bytes: 204 },
      ],
      external: [{ file: 'weights.bin', bytes: 160 }],
      unsupported: [],
      embeddings: [
        { kind: 'logits', output: 'logits', shape: [1, 10] },
        { kind: 'softmax', output: 'probabilities', shape: [1, 10] },
        { kind: 'pooled', output: 'flat', shape: [1, 4] },
      ],
    });
    expect(
      text.replace(/[0-9a-f]{64}/, '…').replace(/, \d+ bytes, ONNX| {2}\d.*, ONNX/, ', ONNX'),
    ).toMatchInlineSnapshot(`
      "/classifier.onnx, ONNX
        made by        tester 1.2; IR version 8, opset 17
        SHA-256        …
        input          x  float32 [N, 3, side, side]
        output         probabilities  float32 [N, 10]
        constants      float16: 108 numbers in 1 array, 216 bytes
        constants      float32: 51 numbers in 3 arrays, 204 bytes
        external data  weights.bin, 160 bytes
        operators      Constant 1, Conv 1, Flatten 1, Gemm 1, GlobalAveragePool 1, Mul 1, Relu 1, Softmax 1
        not supported  nothing
        as embedding   logits: 'logits' [1, 10]
        as embedding   softmax: 'probabilities' [1, 10]
        as embedding   pooled: 'flat' [1, 4]
      "
    `);
  });

  test('quantized weights, and maps beside logits: no map serves as embedding', async () => {
    const bytes = model({
      nodes: [
        node('DequantizeLinear', ['w.int8', 'w.scale'], ['w'], { axis: 0 }),
        node('DequantizeLinear', ['dense.int8', 'dense.scale'], ['dense']),
        node('DequantizeLinear', ['bias.int8', 'dense.scale'], ['bias']),
        node('Conv', ['x', 'w'], ['map'], { kernel_shape: [3, 3] }),
        node('GlobalAveragePool', ['map'], ['pooled']),
        node('Flatten', ['pooled'], ['flat'], { axis: 1 }),
        node('MatMul', ['flat', 'dense'], ['product']),
        // Behind the bias there is nothing to be found.
        node('Add', ['bias', 'product'], ['logits']),
      ],
      inputs: { x: ['N', 3, 'h', 'w'] },
      outputs: { map: ['N', 4, 'h-2', 'w-2'], logits: ['N', 10] },
      initializers: [
        tensor('w.int8', [4, 3, 3, 3], new Array<number>(108).fill(7), { type: 'int8' }),
        tensor('w.scale', [4], random(4)),
        tensor('dense.int8', [4, 10], new Array<number>(40).fill(-3), { type: 'int8' }),
        tensor('dense.scale', [], [0.01]),
        tensor('bias.int8', [10], new Array<number>(10).fill(1), { type: 'int8' }),
      ],
    });
    await writeFile(at('quantized.onnx'), bytes);
    const { report } = await inspect('quantized.onnx');
    expect(report).toMatchObject({
      stored: [{ type: 'int8', arrays: 3, elements: 158, bytes: 158 }, { type: 'float32' }],
      unsupported: [],
      embeddings: [
        { kind: 'logits', output: 'logits', shape: [1, 10] },
        { kind: 'pooled', output: 'flat', shape: [1, 4] },
      ],
    });
  });

  test('what is not supported is listed: operator, node, opset, reason', async () => {
    const bytes = model({
      nodes: [
        node('Einsum', ['x'], ['a'], { equation: 'ij->ji' }, { name: 'first' }),
        node('FusedConv', ['a'], ['b'], {}, { name: 'second', domain: 'com.microsoft' }),
        node('Relu', ['b'], ['y']),
      ],
      inputs: { x: [2, 3] },
      outputs: { y: [3, 2] },
      domains: { 'com.microsoft': 1 },
    });
    await writeFile(at('foreign.onnx'), bytes);
    const { text, report } = await inspect('foreign.onnx');
    expect(report.unsupported).toHaveLength(2);
    expect(report.unsupported[0]).toMatch(/Einsum.*first.*opset 17/);
    expect(report.unsupported[1]).toMatch(/FusedConv.*second.*opset 1\b.*com\.microsoft/);
    expect(report.embeddings).toEqual([]);
    expect(text).toContain('com.microsoft 1');
    expect(text.match(/not supported/g)).toHaveLength(2);
  });

  test('what only shapes tell is found too, where they are declared', async () => {
    const reshape = model({
      nodes: [node('Reshape', ['x', 'shape'], ['y'], {}, { name: 'by input' })],
      inputs: [value('x', [2, 3]), value('shape', [1], 'int64')],
      outputs: { y: [6] },
    });
    await writeFile(at('reshape.onnx'), reshape);
    expect((await inspect('reshape.onnx')).report.unsupported.join()).toMatch(/Reshape.*by input/);
    const wrong = { nodes: [node('Add', ['x', 'w'], ['y'])], inputs: { x: [2, 3] }, outputs: { y: [2, 3] } };
    await writeFile(at('wrong.onnx'), model({ ...wrong, initializers: [tensor('w', [4], [1, 2, 3, 4])] }));
    expect((await inspect('wrong.onnx')).report.unsupported.join()).toContain('[2, 3]');
  });

  test('a damaged file, and external data that is missing, are errors', async () => {
    await writeFile(at('truncated.onnx'), classifier().subarray(0, 300));
    await writeFile(
      at('alone.onnx'),
      Buffer.from(classifier()).toString('latin1').replaceAll('weights.bin', 'missing.bin'),
      'latin1',
    );
    await writeFile(at('empty.onnx'), '');
    for (const [name, what] of [
      ['truncated.onnx', 'truncated.onnx'],
      ['alone.onnx', 'missing.bin'],
      ['empty.onnx', 'empty.onnx'],
      ['absent.onnx', 'got no such file'],
      ['.', 'got a folder – name the files in it'],
    ] as const) {
      const { code, stdout, stderr } = await koalarize(['inspect', at(name)]);
      expect(code, name).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^failed: .*expected.*\n$/);
      expect(stderr).toContain(what);
    }
  });
});

describe('safetensors', () => {
  test('weights: what they are, and that they can be used', async () => {
    await copyFile(resolve(import.meta.dirname, '../../../weights/koalarize.safetensors'), at('shipped.safetensors'));
    const { report, text } = await inspect('shipped.safetensors');
    expect(report).toMatchObject({ usable: true, stored: [{ type: 'F16', arrays: 25, elements: 128634 }] });
    expect(report.tensors).toContainEqual({ name: 'enc1.weight', type: 'F16', shape: [3, 3, 1, 16] });
    expect(report.metadata.scaling).toBe('L/50-1, a/127, b/127');
    expect(text).toMatch(
      /use +weights, 1\/4 of the channels, short encoder, the mean of 3 files, needs the package's extractor/,
    );
    // By its content, whatever it is called.
    await copyFile(at('shipped.safetensors'), at('shipped'));
    expect((await inspect('shipped')).report.sha256).toBe(report.sha256);
  });

  test('those of another program: what they are, and why they cannot be used', async () => {
    const header =
      '{"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}';
    const file = Buffer.concat([
      Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(header),
      Buffer.alloc(16),
    ]);
    await writeFile(at('other.safetensors'), file);
    const { report, text } = await inspect('other.safetensors');
    expect(report).toMatchObject({
      usable: false,
      stored: [
        { type: 'BF16', elements: 4 },
        { type: 'I64', elements: 1 },
      ],
    });
    expect(text).toMatch(/no use .*expected 'a' as F32 or F16,\s+got BF16/);
  });

  test('weights that lack an array cannot be used', async () => {
    await writeTestWeights(at('small.safetensors'));
    const { report } = await inspect('small.safetensors');
    expect(report.use).toBe('weights, 1/8 of the channels, needs no feature extractor');
    const tensors = new Map([['enc1.weight', { shape: [1], data: new Float32Array(1) }]]);
    await writeFile(at('lacking.safetensors'), encodeSafetensors({ tensors, metadata: report.metadata }));
    const lacking = await inspect('lacking.safetensors');
    expect(lacking.report.usable).toBe(false);
    expect(lacking.report.use).toContain("expected 'enc1.weight' as [3, 3, 1, 8], got [1]");
  });

  test('a truncated file is an error', async () => {
    const whole = await readFile(resolve(import.meta.dirname, '../../../weights/koalarize.safetensors'));
    await writeFile(at('half.safetensors'), whole.subarray(0, whole.length / 2));
    const { code, stderr } = await koalarize(['inspect', at('half.safetensors')]);
    expect(code).toBe(1);
    expect(stderr).toContain('is this a safetensors file, and complete?');
  });
});

test('wrong usage', async () => {
  for (const args of [[], ['a', 'b'], ['a', '--what']]) expect((await koalarize(['inspect', ...args])).code).toBe(2);
  const help = await koalarize(['inspect', '--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('koalarize inspect FILE');
});
