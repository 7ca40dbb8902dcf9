/** Interface of a style of ONNX file. */
import type { Builder, NetworkOptions, Value } from '../architecture.ts';
import type { OnnxWriter } from '../onnx_writer.ts';

export interface Style extends Builder {
  readonly options: NetworkOptions;
  /** The graph's input and the output with the logits. */
  readonly inputName: string;
  readonly logitsName: string;
  /** The input's layout. */
  readonly layout: 'NCHW' | 'NHWC';
  /** Declares the graph's input. */
  image(): Value;
  /** Writes all that follows the `features`, and declares the outputs. `middle` is for an auxiliary head. */
  head(features: Value, middle: Value): void;
  /** The file with everything written so far. */
  finish(): OnnxWriter;
}
