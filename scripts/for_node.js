/** Options for bundling programs that run in Node, for esbuild. */
import { inlineForBuild } from './inline.js';

/** @satisfies {import('esbuild').BuildOptions} */
export const forNode = /** @type {const} */ ({
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  // onnx-proto and protobufjs are CommonJS, and become part of the bundle.
  mainFields: ['module', 'main'],
  // Node's own modules and the packages stay imports; the library reaches them only in Node, by dynamic import.
  external: [
    'node:*',
    'webgpu',
    'sharp',
    'bullmq',
    'ioredis',
    'pg',
    '@aws-sdk/client-s3',
    '@sparticuz/chromium',
    '@tensorflow/*',
    'esbuild',
    'onnxruntime-node',
  ],
  loader: { '.wgsl': 'text' },
  plugins: [inlineForBuild],
  logLevel: 'warning',
});
