/** As onnxconverter-common turns a model to float16 and keeps its inputs and outputs in float32: a Cast at each end. */
import type { onnx } from 'onnx-proto';
import type { Value } from '../architecture.ts';
import { halfTensor } from '../onnx_writer.ts';
import type { Floats } from '../parameters.ts';
import { TorchScript } from './torchscript.ts';

const FLOAT = 1;
const FLOAT16 = 10;

export class Float16 extends TorchScript {
  override image(): Value {
    const image = super.image();
    return { ...image, name: this.file.node('Cast', [image.name], 'graph_input_cast0', { to: FLOAT16 }) };
  }

  override head(features: Value): void {
    const pooled = this.file.node('GlobalAveragePool', [features.name], 'Pool');
    const flat = this.file.node('Flatten', [pooled], 'Flatten', { axis: 1 });
    const half = this.gemm(flat, 'classif', features.channels);
    this.logits(this.file.node('Cast', [half], 'graph_output_cast0', { to: FLOAT }, [this.logitsName]));
  }

  protected override tensor(name: string, dims: readonly number[], data: Floats): onnx.ITensorProto {
    return halfTensor(name, dims, data);
  }
}
