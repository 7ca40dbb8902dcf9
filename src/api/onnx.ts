/** Room `koalarize/onnx`: models in ONNX files, on the same kernels. */
export { loadOnnx, type OnnxArray, type OnnxModel, type OnnxOptions } from '../onnx/index.ts';
