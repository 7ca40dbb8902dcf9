/**
 * Export of extractor and network as one ONNX file: a picture's grey in, chroma out.
 *
 * The extractor's part is its own file's, with the weights as they are stored there; between both stands what the program
 * does at use: codes stretched (`image/stretch.ts`) and scaled for the extractor, and L* of their means over `scale` x
 * `scale` pixels for the network.
 */
import { LAB_DELTA, LIGHTNESS_SCALE } from '../../image/color/lab.ts';
import { BEYOND, LEAST_CONTRAST } from '../../image/raster/stretch.ts';
import { EXPORT_OPSET } from '../../onnx/export/encode.ts';
import { guard, onnx } from '../../onnx/proto.ts';
import { FormatError } from '../../runtime/errors.ts';

/** A map of the extractor, and the name of the network's input that it feeds. */
export interface JoinedMap {
  readonly output: string;
  /** What it is divided by. */
  readonly deviation: number;
}

export interface WholeOptions {
  /** The network, as `encodeOnnx` writes it: inputs `lightness` and the maps by their names. */
  readonly network: Uint8Array;
  /** The extractor's file, and its name for messages. */
  readonly extractor: Uint8Array;
  readonly name: string;
  readonly maps: readonly JoinedMap[];
  /** Pixels of the extractor's input for each of the network's, along a side. */
  readonly scale: number;
  /** What the extractor is fed with for black and for white. */
  readonly range: readonly [black: number, white: number];
  readonly description: string;
}

const PREFIX = 'extractor/';

/**
 * Encodes the joined model: input `grey` [N, 1, scale H, scale W], codes 0…255; output `chroma` [N, 2, H, W].
 *
 * @throws FormatError for an extractor of another opset, or whose input is not NCHW.
 */
export function encodeWhole({ network, extractor, name, maps, scale, range, description }: WholeOptions): Uint8Array {
  const model = onnx.ModelProto.decode(network);
  const other = guard(name, () => onnx.ModelProto.decode(extractor));
  const graph = model.graph!;
  const part = other.graph!;
  const opset = other.opsetImport.find(({ domain }) => !domain)?.version;
  if (Number(opset) !== EXPORT_OPSET) {
    throw new FormatError({
      where: name,
      expected: `opset ${EXPORT_OPSET}, as the network is written in`,
      got: opset,
      hint: 'convert it with onnx.version_converter, or export the network alone',
    });
  }
  const constants = new Set(part.initializer!.map((each) => each.name));
  const [fed, ...more] = part.input!.filter((each) => !constants.has(each.name));
  const channels = fed?.type?.tensorType?.shape?.dim?.[1]?.dimValue;
  if (!fed || more.length > 0 || Number(channels) !== 3) {
    throw new FormatError({
      where: name,
      expected: 'one input [N, 3, H, W]',
      got: 'others',
      hint: 'export the network alone',
    });
  }
  const builder = new Builder();
  const lightness = builder.lightness('grey', scale);
  const rgb = builder.rgb('grey', range);
  const rename = new Map([
    ['lightness', lightness],
    ...maps.map(({ output, deviation }) => [output, builder.divided(PREFIX + output, deviation)] as const),
  ]);
  const inside = (value: string) => (value === '' ? '' : value === fed.name ? rgb : PREFIX + value);
  const needed = new Set(maps.map(({ output }) => output));
  const kept = part
    .node!.toReversed()
    .filter((node) => {
      const alive = node.output!.some((each) => needed.has(each));
      if (alive) for (const each of node.input!) needed.add(each);
      return alive;
    })
    .reverse();
  const extractorNodes = kept.map((node) => ({
    ...node,
    name: node.name ? PREFIX + node.name : '',
    input: node.input!.map(inside),
    output: node.output!.map(inside),
  }));
  const { before, after } = builder;
  return onnx.ModelProto.encode({
    irVersion: Math.max(Number(model.irVersion), Number(other.irVersion)),
    opsetImport: model.opsetImport,
    producerName: model.producerName,
    docString: description,
    metadataProps: model.metadataProps,
    graph: {
      name: graph.name ?? 'koalarize',
      node: [
        ...before,
        ...extractorNodes,
        ...after,
        ...graph.node!.map((node) => ({ ...node, input: node.input!.map((each) => rename.get(each) ?? each) })),
      ],
      initializer: [
        ...builder.initializers,
        ...part.initializer!.flatMap((each) => (needed.has(each.name!) ? [{ ...each, name: PREFIX + each.name }] : [])),
        ...graph.initializer!,
      ],
      input: [floats('grey', ['N', 1, `${scale}*H`, `${scale}*W`])],
      output: [floats('chroma', ['N', 2, 'H', 'W'])],
    },
  }).finish();
}

/** Writes the nodes between picture, extractor and network. */
class Builder {
  readonly initializers: onnx.ITensorProto[] = [];
  /** Those that read the picture. */
  readonly before: onnx.INodeProto[] = [];
  /** Those that read the maps. */
  readonly after: onnx.INodeProto[] = [];

  /** Codes, stretched, in the extractor's range, three times. */
  rgb(grey: string, [black, white]: readonly [number, number]): string {
    const scaled = this.#op('Add', this.#op('Mul', this.#stretched(grey), (white - black) / 255), black);
    this.before.push({
      opType: 'Concat',
      input: [scaled, scaled, scaled],
      output: ['rgb'],
      attribute: [int('axis', 1)],
    });
    return 'rgb';
  }

  /** As `stretched`: the ends are the last of the TopK of a hundredth of the pixels and one. */
  #stretched(grey: string): string {
    const { INT64 } = onnx.TensorProto.DataType;
    const flat = this.#node('Reshape', [grey, this.#integers([0, -1])]);
    const pixels = this.#node('Gather', [this.#node('Shape', [flat]), this.#integers([1])], [int('axis', 0)]);
    const share = this.#op('Mul', this.#node('Cast', [pixels], [int('to', onnx.TensorProto.DataType.FLOAT)]), BEYOND);
    const beyond = this.#node('Cast', [this.#node('Floor', [share])], [int('to', INT64)]);
    const count = this.#node('Add', [beyond, this.#integers([1])]);
    const end = (largest: 0 | 1) => {
      const output = [`ends ${largest}`, `places ${largest}`];
      const attribute = [int('axis', 1), int('largest', largest), int('sorted', 1)];
      this.before.push({ opType: 'TopK', input: [flat, count], output, attribute });
      const last = this.#node('Gather', [output[0]!, beyond], [int('axis', 1)]);
      return this.#node('Reshape', [last, this.#integers([-1, 1, 1, 1])]);
    };
    const [low, high] = [end(0), end(1)];
    const contrast = this.#op('Max', this.#node('Sub', [high, low]), LEAST_CONTRAST);
    const gained = this.#op('Mul', this.#node('Div', [this.#node('Sub', [grey, low]), contrast]), 255);
    return this.#op('Min', this.#op('Max', gained, 0), 255);
  }

  /** L* / 50 − 1 of means of codes. Each curve has a straight piece and a power, which meet: their sum needs no choice. */
  lightness(grey: string, scale: number): string {
    let mean = grey;
    if (scale > 1) {
      mean = 'grey mean';
      const attribute = [ints('kernel_shape', [scale, scale]), ints('strides', [scale, scale])];
      this.before.push({ opType: 'AveragePool', input: [grey], output: [mean], attribute });
    }
    const code = this.#op('Mul', mean, 1 / 255);
    const power = (value: number) => ((value + 0.055) / 1.055) ** 2.4;
    const linear = this.#pieces(code, 0.04045, 1 / 12.92, power(0.04045), (upper) =>
      this.#op('Pow', this.#op('Mul', this.#op('Add', upper, 0.055), 1 / 1.055), 2.4),
    );
    const f = this.#pieces(linear, LAB_DELTA ** 3, 1 / (3 * LAB_DELTA ** 2), LAB_DELTA, (upper) =>
      this.#op('Pow', upper, 1 / 3),
    );
    // f lacks 4/29, times 116 the 16 that L* = 116 f − 16 takes away.
    return this.#op('Add', this.#op('Mul', f, 116 / LIGHTNESS_SCALE), -1);
  }

  divided(map: string, deviation: number): string {
    const output = `${map} / deviation`;
    this.after.push({ opType: 'Mul', input: [map, this.#constant(1 / deviation)], output: [output] });
    return output;
  }

  /** slope · min(x, knee) + curve(max(x, knee)) − curve(knee). */
  #pieces(x: string, knee: number, slope: number, atKnee: number, curve: (upper: string) => string): string {
    const straight = this.#op('Mul', this.#op('Min', x, knee), slope);
    const bent = this.#op('Add', curve(this.#op('Max', x, knee)), -atKnee);
    return this.#binary('Add', straight, bent);
  }

  #op(opType: string, x: string, value: number): string {
    return this.#binary(opType, x, this.#constant(value));
  }

  #binary(opType: string, a: string, b: string): string {
    return this.#node(opType, [a, b]);
  }

  #node(opType: string, input: string[], attribute: onnx.IAttributeProto[] = []): string {
    const output = `grey ${opType.toLowerCase()} ${this.before.length}`;
    this.before.push({ opType, input, output: [output], attribute });
    return output;
  }

  #integers(values: readonly number[]): string {
    const name = `integers ${this.initializers.length}`;
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.initializers.push({ name, dataType: onnx.TensorProto.DataType.INT64, dims: [values.length], rawData });
    return name;
  }

  #constant(value: number): string {
    const name = `number ${this.initializers.length}`;
    this.initializers.push({ name, dataType: onnx.TensorProto.DataType.FLOAT, dims: [], floatData: [value] });
    return name;
  }
}

function int(name: string, i: number): onnx.IAttributeProto {
  return { name, type: onnx.AttributeProto.AttributeType.INT, i };
}

function ints(name: string, values: readonly number[]): onnx.IAttributeProto {
  return { name, type: onnx.AttributeProto.AttributeType.INTS, ints: [...values] };
}

function floats(name: string, dimensions: readonly (number | string)[]): onnx.IValueInfoProto {
  const dim = dimensions.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d }));
  return { name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } } };
}
