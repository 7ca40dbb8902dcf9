/** Types of an ONNX file's tensors. */

/** An element type that a tensor can be stored in. */
export type DataType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string';

/** A constant array. It refers to the file's bytes, and decodes them each time that it is asked to. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Elements: the product of `shape`. */
  readonly size: number;
  /**
   * Decodes to float32, into an array of its own.
   *
   * @throws FormatError for strings.
   */
  floats(): Float32Array;
  /**
   * Decodes to integers. The largest and smallest int64, exporters' "to the very end", become ±2^63.
   *
   * @throws FormatError for non-integer types, other values past 2^53, and more than 2^22 elements.
   */
  integers(): number[];
}
