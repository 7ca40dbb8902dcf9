/**
 * As PyTorch's TorchScript exporter writes the network in evaluation: batch norm folded, all attributes spelled out,
 * residual scales as Constant nodes. The other styles are told as differences from this one.
 */
import type { onnx } from 'onnx-proto';
import { type Builder, type Convolution, type NetworkOptions, type Pool, padsOf, type Value } from '../architecture.ts';
import { type Attribute, floatTensor, type Header, OnnxWriter, rawTensor } from '../onnx_writer.ts';
import type { Floats, Parameters } from '../parameters.ts';
import type { Style } from './style.ts';

export class TorchScript implements Style, Builder {
  readonly inputName: string = 'x';
  readonly logitsName: string = 'logits';
  readonly layout: 'NCHW' | 'NHWC' = 'NCHW';
  readonly options: NetworkOptions;
  /** What the first dimension is called. */
  protected readonly batch: string = 'batch';
  protected readonly parameters: Parameters;
  protected readonly file: OnnxWriter;

  constructor(options: NetworkOptions, parameters: Parameters) {
    this.options = options;
    this.parameters = parameters;
    this.file = new OnnxWriter(this.header());
  }

  protected header(): Header {
    return { irVersion: 8, opset: 17, producer: 'pytorch' };
  }

  image(): Value {
    const { size } = this.options;
    const name = this.file.input(this.inputName, 'FLOAT', [this.batch, 3, size, size]);
    return { name, channels: 3, size };
  }

  convolution(x: Value, layer: Convolution): string {
    const { weights, bias } = this.parameters.folded(layer);
    const y = this.conv(x, layer, weights, bias);
    return this.file.node('Relu', [y], `${layer.name}/Relu`);
  }

  projection(x: Value, layer: Convolution): string {
    return this.conv(x, layer, this.parameters.weights(layer), this.parameters.bias(layer));
  }

  protected conv(x: Value, layer: Convolution, weights: Floats, bias?: Floats): string {
    const { name, kernel, inputs, outputs } = layer;
    const w = this.weight(`${name}.weight`, [outputs, inputs, ...kernel], weights);
    const b = bias ? [this.weight(`${name}.bias`, [outputs], bias)] : [];
    return this.file.node('Conv', [x.name, w, ...b], `${name}/Conv`, this.convAttributes(layer));
  }

  protected convAttributes(layer: Convolution): Record<string, Attribute> {
    const { kernel, stride } = layer;
    return { dilations: [1, 1], group: 1, kernel_shape: kernel, pads: padsOf(layer), strides: [stride, stride] };
  }

  pool(x: Value, pool: Pool): string {
    const [opType, special] =
      pool.type === 'max' ? (['MaxPool', { dilations: [1, 1] }] as const) : (['AveragePool', AVERAGE] as const);
    return this.file.node(opType, [x.name], pool.name, { ceil_mode: 0, ...poolWindow(pool), ...special });
  }

  concat(parts: readonly Value[], name: string): string {
    return this.file.node(
      'Concat',
      parts.map((part) => part.name),
      name,
      { axis: 1 },
    );
  }

  residual(x: Value, branch: Value, scale: number, name: string): string {
    const scaled = this.file.node('Mul', [branch.name, this.scale(scale, `${name}/Scale`)], `${name}/Mul`);
    return this.file.node('Add', [x.name, scaled], `${name}/Add`);
  }

  relu(x: Value, name: string): string {
    return this.file.node('Relu', [x.name], name);
  }

  head(features: Value, _middle: Value): void {
    const { channels } = features;
    const pooled = this.file.node('GlobalAveragePool', [features.name], 'Pool');
    const flat = this.file.node('Flatten', [pooled], 'Flatten', { axis: 1 });
    this.logits(this.gemm(flat, 'classif', channels, [this.logitsName]));
  }

  /** A classifier as Gemm. */
  protected gemm(x: string, name: string, inputs: number, outputs?: string[]): string {
    const { classes } = this.options;
    const { weights, bias } = this.parameters.dense(name, inputs, this.options);
    const w = this.weight(`${name}.weight`, [classes, inputs], weights);
    const b = this.weight(`${name}.bias`, [classes], bias);
    return this.file.node('Gemm', [x, w, b], name, GEMM, outputs);
  }

  /** Declares an output of one number a class. */
  protected logits(name: string): void {
    this.file.output(name, 'FLOAT', [this.batch, this.options.classes]);
  }

  finish(): OnnxWriter {
    return this.file;
  }

  protected tensor(name: string, dims: readonly number[], data: Floats): onnx.ITensorProto {
    // Numbers in their typed field need several times the memory while they are encoded.
    return dims.length === 1 ? floatTensor(name, dims, data) : rawTensor(name, dims, data);
  }

  protected weight(name: string, dims: readonly number[], data: Floats): string {
    return this.file.initializer(this.tensor(name, dims, data));
  }

  /** A number of rank 0. */
  protected scale(value: number, name: string): string {
    return this.constant(name, [], Float32Array.of(value));
  }

  /** An array as a node. */
  protected constant(name: string, dims: readonly number[], data: Floats): string {
    return this.file.node('Constant', [], name, { value: this.tensor('', dims, data) });
  }
}

const GEMM: Record<string, Attribute> = { alpha: { float: 1 }, beta: { float: 1 }, transB: 1 };
const AVERAGE: Record<string, Attribute> = { count_include_pad: 0 };

/** The attributes that all pools have had since opset 1. */
export function poolWindow({ kernel, stride, padding }: Pool): Record<string, Attribute> {
  const window = [kernel, kernel] as const;
  return { kernel_shape: window, pads: padsOf({ kernel: window, padding }), strides: [stride, stride] };
}
