/**
 * Koalarize: colours photographs, on hand-written WebGPU kernels. One entry point for Node and browser.
 *
 * From the top: the colorizer; ONNX; a device; kernels; graphs and their gradients; training.
 */

export { type CompileOptions, compile, Executable } from './graph/compile.ts';
export { gradients } from './graph/gradient.ts';
export { glorotUniform } from './graph/initial.ts';
export { apply, defineOp, type Node, type Op, reachable, type Shape, sizeOf } from './graph/node.ts';
export { add } from './graph/ops/add.ts';
export { biasAdd } from './graph/ops/bias_add.ts';
export { constant } from './graph/ops/constant.ts';
export { conv2dSame } from './graph/ops/conv2d.ts';
export { input, parameter } from './graph/ops/input.ts';
export { mse } from './graph/ops/mse.ts';
export { relu } from './graph/ops/relu.ts';
export { reshape } from './graph/ops/reshape.ts';
export { tanh } from './graph/ops/tanh.ts';
export { upsample2x } from './graph/ops/upsample2x.ts';
export { ParameterLayout, ParameterSlab, type Tensors } from './graph/parameters.ts';
export { applyChroma, type Chroma } from './image/chroma.ts';
export type { Picture, Pixels } from './image/picture.ts';
export { defineKernel, type KernelSpec, linear } from './kernels/define.ts';
export type { Emit, KernelCall } from './kernels/emit.ts';
export { type Binding, record, recordOne } from './kernels/record.ts';
export { type ColorizeOptions, Colorizer, type ColorizerOptions } from './model/colorizer.ts';
export type { EmbeddingKind, ExtractorInfo } from './model/embedding.ts';
export { Extractor, type ExtractorOptions, type ExtractorSource } from './model/extractor.ts';
export { colorizationNetwork, type NetworkConfig } from './model/network.ts';
export { weightsMetadata } from './model/weights.ts';
export { loadOnnx, type OnnxArray, type OnnxModel, type OnnxOptions } from './onnx/index.ts';
export { DeviceError, FormatError, KernelError, ShapeError } from './runtime/errors.ts';
export { Gpu, type GpuOptions } from './runtime/gpu.ts';
export type { Program } from './runtime/program.ts';
export type { TuneOptions, TuningStore } from './runtime/tuning.ts';
export * from './train/index.ts';
