/** An ONNX file as plain data: what `decodeOnnx` makes of the bytes. Nothing here knows protobuf or the graph. */
import type { Attributes } from './attributes.ts';
import type { DataType, OnnxTensor } from './tensor_types.ts';

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
