/** Koalarize: colours photographs, on hand-written WebGPU kernels. One entry point for Node and browser. */
export { type CompileOptions, compile } from './graph/compile.ts';
export { Executable } from './graph/executable.ts';
export { gradients } from './graph/gradient.ts';
export type { Node, Shape } from './graph/node.ts';
export { applyChroma, type Chroma } from './image/chroma.ts';
export type { Picture, Pixels } from './image/picture.ts';
export { type ColorizeOptions, Colorizer, type ColorizerOptions } from './model/colorizer.ts';
export type { EmbeddingKind, ExtractorInfo } from './model/embedding.ts';
export { Extractor, type ExtractorOptions, type ExtractorSource } from './model/extractor.ts';
export { colorizationNetwork, type NetworkConfig } from './model/network.ts';
export { loadOnnx, type OnnxArray, type OnnxModel, type OnnxOptions } from './onnx/index.ts';
export { DeviceError, FormatError, KernelError, ShapeError } from './runtime/errors.ts';
export { Gpu, type GpuOptions } from './runtime/gpu.ts';
export type { TuneOptions, TuningStore } from './runtime/tuning.ts';
