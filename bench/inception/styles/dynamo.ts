/**
 * As torch.export's exporter writes it: opset 18, batch norm kept, every constant an initializer, equal ones shared,
 * large ones in a file of their own, shapes of values stated, metadata on nodes.
 */
import { type Convolution, padsOf, type Value } from '../architecture.ts';
import { type Attribute, float, type Header, integerTensor, rawTensor } from '../onnx_writer.ts';
import { EPSILON, type Floats } from '../parameters.ts';
import { TorchScript } from './torchscript.ts';

/** Tensors from this size on begin at a multiple of a page, so that a reader may map them. */
const PAGE = 4096;

export class Dynamo extends TorchScript {
  protected override readonly batch = 's0';
  private readonly shared = new Set<string>();

  protected override header(): Header {
    return { irVersion: 10, opset: 18, producer: 'pytorch' };
  }

  override convolution(x: Value, layer: Convolution): string {
    const { name, outputs } = layer;
    const y = this.conv(x, layer, this.parameters.weights(layer));
    const { gamma, beta, mean, variance } = this.parameters.normalization(layer);
    const state = [
      this.weight(`${name}.bn.weight`, [outputs], gamma),
      this.weight(`${name}.bn.bias`, [outputs], beta),
      this.weight(`${name}.bn.running_mean`, [outputs], mean),
      this.weight(`${name}.bn.running_var`, [outputs], variance),
    ];
    const normalized = this.file.node('BatchNormalization', [y, ...state], `${name}/BatchNorm`, BATCH_NORM);
    return this.file.node('Relu', [normalized], `${name}/Relu`);
  }

  protected override convAttributes(layer: Convolution): Record<string, Attribute> {
    const { stride } = layer;
    return { auto_pad: 'NOTSET', dilations: [1, 1], group: 1, pads: padsOf(layer), strides: [stride, stride] };
  }

  override concat(parts: readonly Value[], name: string): string {
    const y = super.concat(parts, name);
    const channels = parts.reduce((sum, part) => sum + part.channels, 0);
    this.file.value(y, 'FLOAT', [this.batch, channels, parts[0]!.size, parts[0]!.size]);
    return y;
  }

  override residual(x: Value, branch: Value, scale: number, name: string): string {
    // The exporter drops a multiplication by one.
    if (scale === 1) return this.file.node('Add', [x.name, branch.name], `${name}/Add`);
    return super.residual(x, branch, scale, name);
  }

  override head(features: Value): void {
    const { classes } = this.options;
    const { channels } = features;
    const { weights, bias } = this.parameters.dense('classif', channels, this.options);
    const axes = this.file.initializer(integerTensor('val_axes', [2], [-1, -2]));
    const shape = this.file.initializer(integerTensor('val_shape', [2], [-1, channels]));
    const pooled = this.file.node('ReduceMean', [features.name, axes], 'mean', {
      keepdims: 0,
      noop_with_empty_axes: 0,
    });
    const flat = this.file.node('Reshape', [pooled, shape], 'view', { allowzero: 1 });
    const w = this.weight('classif.weight', [classes, channels], weights);
    const transposed = this.file.node('Transpose', [w], 'classif/t', { perm: [1, 0] });
    const product = this.file.node('MatMul', [flat, transposed], 'classif/MatMul');
    const b = this.weight('classif.bias', [classes], bias);
    this.logits(this.file.node('Add', [product, b], 'classif/Add', {}, [this.logitsName]));
  }

  protected override weight(name: string, dims: readonly number[], data: Floats): string {
    return this.file.externalInitializer(rawTensor(name, dims, data), data.byteLength >= PAGE ? PAGE : 1);
  }

  protected override scale(value: number): string {
    const name = `val_${value}`;
    if (this.shared.has(name)) return name;
    this.shared.add(name);
    return this.file.initializer(rawTensor(name, [], Float32Array.of(value)));
  }
}

const BATCH_NORM: Record<string, Attribute> = { epsilon: float(EPSILON), momentum: float(0.1), training_mode: 0 };
