/**
 * Matrix units emulated in plain WGSL, so that everything else of the kernels that use them runs on any device: which
 * fragment lies where, what is fetched, and where results go. What a real unit does, only real hardware can tell.
 */
import type { KernelSpec } from '../../src/kernels/core/define.ts';

/** A kernel's load of a fragment: its type, its majorness, and the array it comes from. */
const LOAD = /subgroupMatrixLoad<(Left|Right), (row|col)_major>\(&(\w+), (.*?), (\w+)\);/g;

/** `kernel` without matrix units, without subgroups, and with float32 for float16. */
export function emulated(kernel: KernelSpec): KernelSpec {
  const loads = [...kernel.source.matchAll(LOAD)];
  const left = loads.find(([, type]) => type === 'Left')!;
  const right = loads.find(([, type]) => type === 'Right')!;
  const [, , major, x] = left;
  // A fragment stands for where it lies; an accumulator is spread over the lanes of its subgroup, a vec4 each.
  const source = kernel.source
    .replaceAll(/^enable .*;\n/gm, '')
    .replaceAll('vec4h', 'vec4f')
    .replace(/alias Left = .*;/, 'alias Left = vec2u;')
    .replace(/alias Right = .*;/, 'alias Right = vec2u;')
    .replace(/alias Result = .*;/, 'alias Result = array<vec4f, RESULT_LOADS>;')
    .replace(
      / *@builtin\(subgroup_id\).*\n *@builtin\(subgroup_invocation_id\).*\n\) \{/,
      ') {\nlet subgroup = local / LANES; let lane = local % LANES;',
    )
    .replaceAll(LOAD, 'vec2u($4, $5);')
    .replaceAll(/subgroupMatrixMultiplyAccumulate\((.*)\);/g, 'multiply($1, lane);')
    .replaceAll(/subgroupMatrixStore<row_major>\(&result, (.*)\);/g, 'store_fragment($1, lane);');
  const complete = `${source}
fn multiply(left: vec2u, right: vec2u, sum: Result, lane: u32) -> Result {
  var result = sum;
  for (var i = 0u; i < RESULT_LOADS; i++) {
    let v = lane + i * LANES;
    let row = v / (N / 4);
    for (var k = 0u; k < K && v < M * N / 4; k++) {
      let l = ${major === 'row' ? `${x}[left.x + row * left.y + k / 4][k % 4]` : `${x}[left.x + k * left.y + row / 4][row % 4]`};
      result[i] += l * ${right[3]}[right.x + k * right.y + v % (N / 4)];
    }
  }
  return result;
}
fn store_fragment(first: u32, sum: Result, stride: u32, lane: u32) {
  for (var i = 0u; i < RESULT_LOADS; i++) {
    let v = lane + i * LANES;
    if (v < M * N / 4) { result[first + v / (N / 4) * stride + v % (N / 4)] = sum[i]; }
  }
}`;
  // Unrolled, as a GPU wants them, these loops would take a software driver minutes to compile.
  const rolled = complete.replaceAll(/(; \w+ < )([A-Z_]+( \* ACROSS)?)(;| &&)/g, '$1$2 * min(params.splits, 1u)$4');
  return { ...kernel, name: `${kernel.name} emulated`, source: rolled, requires: [] };
}
