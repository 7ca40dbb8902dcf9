/**
 * A kernel of your own: WGSL, its declaration, and one run.   node examples/kernel.js
 *
 * The declaration is compared with the WGSL when it is made: names, order, types. What is too short is refused when it
 * is recorded, as WebGPU would read past its end without a word.
 */
import { defineKernel, Gpu, recordOne } from 'koalarize';

const source = /* wgsl */ `
// gamma: y[i] = x[i] ^ exponent.   All [count].

override WORKGROUP: u32 = 64;

struct Params {
  count: u32,
  exponent: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.count) { return; }
  y[i] = pow(x[i], params.exponent);
}
`;

const gamma = defineKernel({
  name: 'gamma',
  source,
  buffers: {
    x: { access: 'read', length: ({ count }) => count },
    y: { access: 'read_write', length: ({ count }) => count },
  },
  params: { count: 'u32', exponent: 'f32' },
  constants: { WORKGROUP: 64 },
  variants: {},
  threads: ({ count }) => count,
});

const gpu = await Gpu.open();
const x = gpu.buffer('x', 5 * 4); // bytes
const y = gpu.buffer('y', 5 * 4);
gpu.write(x, Float32Array.of(0, 0.25, 0.5, 0.75, 1));
const program = await recordOne(gpu, gamma, { x, y }, { count: 5, exponent: 2 });
gpu.submit(program); // as often as needed
console.log(...(await gpu.readFloats(y, 5))); // 0 0.0625 0.25 0.5625 1
await gpu.close();
process.exit(); // Dawn keeps threads.
