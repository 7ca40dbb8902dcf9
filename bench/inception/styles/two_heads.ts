/**
 * Slim's training graph in an old file: auxiliary logits and predictions beside the logits, so that whoever asks for
 * some outputs leaves dead nodes behind; and initializers that are listed as inputs, as IR version 3 requires.
 */
import { type Pool, type Value, Walk } from '../architecture.ts';
import { float, type Header } from '../onnx_writer.ts';
import type { Floats } from '../parameters.ts';
import { poolWindow, TorchScript } from './torchscript.ts';

export class TwoHeads extends TorchScript {
  override readonly inputName = 'images';
  override readonly logitsName = 'InceptionResnetV2/Logits';

  protected override header(): Header {
    return { irVersion: 3, opset: 9, producer: 'slim' };
  }

  override pool(x: Value, pool: Pool): string {
    return this.file.node(pool.type === 'max' ? 'MaxPool' : 'AveragePool', [x.name], pool.name, poolWindow(pool));
  }

  override head(features: Value, middle: Value): void {
    const auxiliary = new Walk(this, this.options.widthDivisor).auxiliary(middle);
    const flat = this.file.node('Flatten', [auxiliary.name], 'AuxLogits/Flatten');
    this.logits(this.gemm(flat, 'AuxLogits/Classifier', auxiliary.channels, ['InceptionResnetV2/AuxLogits']));
    const pooled = this.file.node('AveragePool', [features.name], 'Pool', {
      kernel_shape: [features.size, features.size],
    });
    const kept = this.file.node('Dropout', [pooled], 'Dropout', { ratio: float(0.2) }, ['Dropout:0', 'Dropout:mask']);
    const row = this.file.node('Flatten', [kept], 'Flatten');
    const logits = this.gemm(row, 'classif', features.channels, [this.logitsName]);
    this.logits(logits);
    this.logits(this.file.node('Softmax', [logits], 'Softmax', { axis: 1 }, ['InceptionResnetV2/Predictions']));
  }

  protected override weight(name: string, dims: readonly number[], data: Floats): string {
    this.file.input(name, 'FLOAT', dims);
    return super.weight(name, dims, data);
  }
}
