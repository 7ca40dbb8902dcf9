/** Kernels in the output of RADV, Mesa's compiler for AMD. */
import { analyze } from './code/analysis.ts';
import { type Kernel, within } from './output.ts';

/** @param subgroup what subgroups were forced to */
export function radv(text: string, subgroup?: number): Kernel[] {
  const kernels: Kernel[] = [];
  let code: string[] = [];
  let told: Record<string, number> | undefined;
  let asked = 0;
  let inCode = false;
  for (const [line, label] of within(text)) {
    const size = /^nullgpu: asked for subgroup size (\d+)/.exec(line)?.[1];
    const [, name, value] = /^([\w .-]+): (\d+)$/.exec(line) ?? [];
    const again = /^\t\(then repeated (\d+) times\)/.exec(line)?.[1];
    if (size) asked = Number(size);
    else if (line === 'disasm:') {
      code = [];
      inCode = true;
    } else if (line === '*** SHADER STATS ***') {
      told = {};
      inCode = false;
    } else if (told && /^\*{10,}/.test(line)) {
      const found = code.length ? analyze('AMD', code) : { spills: 0, fills: 0 };
      kernels.push({
        label,
        // Dawn asks for no size where there is but one.
        subgroup: subgroup ?? (asked || 64),
        registers: told.VGPRs,
        local: told['LDS size'],
        waves: told['Subgroups per SIMD'],
        instructions: told.Instructions,
        guess: `${told.Latency}/${told['Inverse Throughput']}`,
        // Before RDNA, scratch memory is accessed as any other: then the registers that were spilled are all there is.
        spills: found.spills || told['Spilled VGPRs'],
        fills: found.fills,
        code,
        loop: 'loop' in found ? found.loop : undefined,
      });
      told = undefined;
      code = [];
    } else if (told && name) told[name] = Number(value);
    else if (inCode && again) code.push(...Array<string>(Number(again)).fill(code.at(-1) ?? ''));
    else if (inCode && line.trim()) code.push(line.replace(/\s*;.*$/, ''));
  }
  return kernels;
}
