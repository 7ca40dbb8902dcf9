/** An ONNX file as plain data: what `decodeOnnx` makes of the bytes. Nothing here knows protobuf or the graph. */
import type { Attributes } from './attributes.ts';

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

/** What the file tells of a value: a graph's input or output, or an intermediate one. */
export interface ValueInfo {
  readonly name: string;
  /** Undefined where the file does not tell, or tells a type that no tensor of ours has. */
  readonly type: DataType | undefined;
  /** A string is a symbolic dimension, `''` an unknown one. Undefined: not even the rank is known. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** One application of an operator. In `inputs` and `outputs`, `''` stands for one that is left out. */
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  /** `''` for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A graph whose values are all made exactly once, and before they are used. */
export interface OnnxGraph {
  readonly name: string;
  /** Without those that are initializers. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  /** In topological order. */
  readonly nodes: readonly OnnxNode[];
  /** What the file tells of its values, inputs and outputs included. */
  readonly values: ReadonlyMap<string, ValueInfo>;
}

/** A whole model. */
export interface OnnxFile {
  /** For messages: the path, or what the caller calls it. */
  readonly name: string;
  readonly irVersion: number;
  /** The exporter's name and version, `''` where the file does not tell. */
  readonly producer: string;
  /** The version of ONNX's own operators that the file was written for. */
  readonly opset: number;
  /** The versions of all operator sets, by domain; ONNX's own is `''`. */
  readonly domains: ReadonlyMap<string, number>;
  readonly graph: OnnxGraph;
  /** Size in bytes, external data included. */
  readonly bytes: number;
  /**
   * SHA-256 in hexadecimal: the file's; with external data, that of the concatenated digests of the model and of each
   * external file in the order of their locations.
   */
  readonly sha256: string;
}
