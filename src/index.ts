/**
 * Koalarize: colors photographs, on hand-written WebGPU kernels. One entry point for Node and browser; the rooms in `api/`
 * are entry points of their own (`koalarize/graph` …), and all here too.
 */
export * from './api/graph.ts';
export {
  applyChroma,
  type Border,
  type BorderOption,
  type Chroma,
  type Origin,
  type Picture,
  type Pixels,
} from './api/image.ts';
export * from './api/kernels.ts';
export * from './api/onnx.ts';
export * from './api/train.ts';
export { type ColorizeOptions, Colorizer, type ColorizerOptions } from './model/colorizer.ts';
export type { EmbeddingKind, ExtractorInfo } from './model/embedding.ts';
export { Extractor, type ExtractorOptions, type ExtractorSource } from './model/extractor.ts';
export {
  ArgumentError,
  DeviceError,
  DivergedError,
  EnvironmentError,
  type ErrorParts,
  FormatError,
  KernelError,
  KoalarizeError,
  ShapeError,
} from './runtime/errors.ts';
export { Gpu, type GpuOptions } from './runtime/gpu.ts';
export type { TuneOptions, TuningStore } from './runtime/tuning_store/index.ts';
