/**
 * As tf2onnx writes a TensorFlow graph: an NHWC image, one Transpose behind it, auto_pad, defaults left out, batch norm
 * as Mul and Add, weights that are still HWIO, and what its optimizer leaves lying about.
 */
import type { Convolution, Pool, Value } from '../architecture.ts';
import { type Attribute, float, floatTensor, type Header, integerTensor, rawTensor } from '../onnx_writer.ts';
import type { Floats } from '../parameters.ts';
import { TorchScript } from './torchscript.ts';

export class Tf2onnx extends TorchScript {
  override readonly inputName = 'input_1:0';
  override readonly layout = 'NHWC';
  protected override readonly batch = 'unk__615';

  protected override header(): Header {
    return { irVersion: 7, opset: 13, producer: 'tf2onnx' };
  }

  override image(): Value {
    const { size } = this.options;
    const input = this.file.input(this.inputName, 'FLOAT', [this.batch, size, size, 3]);
    const name = this.file.node('Transpose', [input], 'Stem/Transpose', { perm: [0, 3, 1, 2] });
    return { name, channels: 3, size };
  }

  override convolution(x: Value, layer: Convolution): string {
    const { name, outputs } = layer;
    const y = this.conv(x, layer, this.parameters.weights(layer));
    const { scale, shift } = this.parameters.scaleAndShift(layer);
    // The two forms of one number a channel that broadcasting allows.
    const dims = outputs % 8 === 0 ? [outputs, 1, 1] : [1, outputs, 1, 1];
    const scaled = this.file.node('Mul', [y, this.weight(`${name}/scale`, dims, scale)], `${name}/mul`);
    const shifted = this.file.node('Add', [this.weight(`${name}/shift`, dims, shift), scaled], `${name}/add`);
    return this.file.node('Relu', [shifted], `${name}/Relu`);
  }

  protected override conv(x: Value, layer: Convolution, weights: Floats, bias?: Floats): string {
    // Kernels of one row or column come as TensorFlow keeps them.
    const { kernel, inputs, outputs, name } = layer;
    if (kernel[0] === kernel[1]) return super.conv(x, layer, weights, bias);
    const hwio = this.weight(`${name}/kernel`, [...kernel, inputs, outputs], toHwio(weights, layer));
    const w = this.file.node('Transpose', [hwio], `${name}/kernel/Transpose`, { perm: [3, 2, 0, 1] });
    return this.file.node('Conv', [x.name, w], `${name}/Conv2D`, this.convAttributes(layer));
  }

  protected override convAttributes({ kernel, stride, padding }: Convolution): Record<string, Attribute> {
    return {
      ...(kernel[0] * kernel[1] > 1 && { auto_pad: padding === 'SAME' ? 'SAME_UPPER' : 'VALID' }),
      ...(kernel[0] === 3 && { kernel_shape: kernel }),
      ...(stride > 1 && { strides: [stride, stride] }),
    };
  }

  override pool(x: Value, { type, kernel, stride, padding, name }: Pool): string {
    const window = { kernel_shape: [kernel, kernel], strides: [stride, stride] };
    // Zero padding is the default, so that VALID needs no word.
    const same = padding === 'SAME' ? { auto_pad: 'SAME_UPPER' } : undefined;
    return this.file.node(type === 'max' ? 'MaxPool' : 'AveragePool', [x.name], name, { ...window, ...same });
  }

  override concat(parts: readonly Value[], name: string): string {
    const inputs = parts.map((part) => part.name);
    return this.file.node('Identity', [this.file.node('Concat', inputs, `${name}/concat`, { axis: -3 })], name);
  }

  override head(features: Value): void {
    const { classes } = this.options;
    const { channels } = features;
    const { weights, bias } = this.parameters.dense('classif', channels, this.options);
    const pooled = this.file.node('GlobalAveragePool', [features.name], 'avg_pool/Mean');
    const squeezed = this.file.node('Squeeze', [pooled, this.integers('avg_pool/axes', [2, 3])], 'avg_pool/Squeeze');
    const cast = this.file.node('Cast', [this.flatten(squeezed, channels)], 'flatten/Cast', { to: 1 });
    const ratio = this.file.initializer(floatTensor('dropout/ratio', [], [0.2]));
    const kept = this.file.node('Dropout', [cast, ratio], 'dropout');
    const w = this.weight('predictions/kernel', [channels, classes], transposed(weights, classes));
    const product = this.file.node('MatMul', [kept, w], 'predictions/MatMul');
    const sum = this.file.node(
      'Add',
      [product, this.weight('predictions/bias', [1, classes], bias)],
      'predictions/Add',
    );
    const softmax = this.file.node('Softmax', [sum], 'predictions/Softmax', { axis: -1 }, ['predictions']);
    this.logits(softmax);
    this.logits(this.file.node('Identity', [sum], 'Identity', {}, [this.logitsName]));
  }

  /** Reshapes to [batch, channels], the batch taken from the array's own shape, by way of int32 and float32. */
  private flatten(x: string, channels: number): string {
    const shape = this.file.node('Shape', [x], 'flatten/Shape');
    const batch = this.file.node('Gather', [shape, this.integers('flatten/index', 0)], 'flatten/Gather', { axis: 0 });
    const narrow = this.file.node('Cast', [batch], 'flatten/Cast/x', { to: 6 });
    const real = this.file.node('Cast', [narrow], 'flatten/Cast/y', { to: 1 });
    const whole = this.file.node('Cast', [real], 'flatten/Cast/z', { to: 7 });
    const row = this.file.node('Unsqueeze', [whole, this.integers('flatten/axes', [0])], 'flatten/Unsqueeze');
    const dims = this.file.node('Concat', [row, this.integers('flatten/channels', [channels])], 'flatten/Concat', {
      axis: 0,
    });
    return this.file.node('Reshape', [x, dims], 'flatten/Reshape');
  }

  private integers(name: string, values: number | readonly number[]): string {
    const list = typeof values === 'number' ? [values] : values;
    return this.file.initializer(integerTensor(name, typeof values === 'number' ? [] : [list.length], list));
  }

  /** A scale as an attribute of Constant that opset 12 brought, or an initializer of one element. */
  protected override scale(value: number, name: string): string {
    if (value === 1) return this.file.node('Constant', [], name, { value_float: float(value) });
    return this.file.initializer(rawTensor(name, [1], Float32Array.of(value)));
  }
}

/** Weights [Cout, Cin, Kh, Kw] as [Kh, Kw, Cin, Cout]. */
function toHwio(weights: Floats, { inputs, outputs, kernel: [height, width] }: Convolution): Floats {
  const taps = height * width;
  const hwio = new Float32Array(weights.length);
  for (let o = 0, from = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let k = 0; k < taps; k++, from++) hwio[(k * inputs + i) * outputs + o] = weights[from]!;
    }
  }
  return hwio;
}

/** A matrix with `rows` rows, transposed. */
function transposed(matrix: Floats, rows: number): Floats {
  const columns = matrix.length / rows;
  return matrix.map((_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!);
}
