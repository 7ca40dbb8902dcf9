/**
 * As paddle2onnx and keras2onnx write: all weights as Constant nodes and no initializers at all, opset 11, where axes
 * and ratios are still attributes, padding as a node of its own.
 */
import { type Convolution, type Pool, padsOf, type Value } from '../architecture.ts';
import { type Attribute, float, type Header, integerTensor } from '../onnx_writer.ts';
import { EPSILON, type Floats } from '../parameters.ts';
import { poolWindow, TorchScript } from './torchscript.ts';

export class Constants extends TorchScript {
  protected override header(): Header {
    return { irVersion: 6, opset: 11, producer: 'keras2onnx' };
  }

  override convolution(x: Value, layer: Convolution): string {
    const { name, outputs } = layer;
    const y = this.conv(this.padded(x, layer), layer, this.parameters.weights(layer));
    const { gamma, beta, mean, variance } = this.parameters.normalization(layer);
    const state = Object.entries({ gamma, beta, mean, variance }).map(([key, values]) =>
      this.weight(`${name}/${key}`, [outputs], values),
    );
    const attributes = { epsilon: float(EPSILON), momentum: float(0.99) };
    const normalized = this.file.node('BatchNormalization', [y, ...state], `${name}/batchnorm`, attributes);
    return this.file.node('Relu', [normalized], `${name}/Relu`);
  }

  /** Zeros around an image for a large square kernel, which its convolution then need not know of. */
  private padded(x: Value, layer: Convolution): Value {
    if (!padsSeparately(layer)) return x;
    const [top, left, bottom, right] = padsOf(layer) as [number, number, number, number];
    const pads = integerTensor('', [8], [0, 0, top, left, 0, 0, bottom, right]);
    const amounts = this.file.node('Constant', [], `${layer.name}/pads`, { value: pads });
    return { ...x, name: this.file.node('Pad', [x.name, amounts], `${layer.name}/Pad`, { mode: 'constant' }) };
  }

  protected override convAttributes(layer: Convolution): Record<string, Attribute> {
    const attributes = super.convAttributes(layer);
    return padsSeparately(layer) ? { ...attributes, pads: [0, 0, 0, 0], auto_pad: 'NOTSET' } : attributes;
  }

  override pool(x: Value, pool: Pool): string {
    const attributes = { auto_pad: 'NOTSET', ...poolWindow(pool) };
    if (pool.type === 'average') return this.file.node('AveragePool', [x.name], pool.name, attributes);
    const outputs = [`${pool.name}:0`, `${pool.name}:indices`];
    return this.file.node('MaxPool', [x.name], pool.name, { ...attributes, storage_order: 0 }, outputs);
  }

  override head(features: Value): void {
    const pooled = this.file.node('ReduceMean', [features.name], 'pool', { axes: [2, 3], keepdims: 1 });
    const squeezed = this.file.node('Squeeze', [pooled], 'squeeze', { axes: [2, 3] });
    const kept = this.file.node('Dropout', [squeezed], 'dropout', { ratio: float(0.2) });
    this.logits(this.gemm(kept, 'classif', features.channels, [this.logitsName]));
  }

  protected override weight(name: string, dims: readonly number[], data: Floats): string {
    return this.constant(name, dims, data);
  }
}

function padsSeparately({ kernel, padding }: Convolution): boolean {
  return padding === 'SAME' && kernel[0] === kernel[1] && kernel[0] > 3;
}
