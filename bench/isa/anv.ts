/** Kernels in the output of ANV, Mesa's compiler for Intel. */
import { analyze } from './code/analysis.ts';
import { type Kernel, within } from './output.ts';

const SHADER = /^SIMD(\d+) shader: (\d+) instructions\. \d+ loops\. (\d+) cycles\. (\d+):(\d+) spills:fills, /;

export function anv(text: string): Kernel[] {
  const kernels: (Kernel & { code: string[] })[] = [];
  let local = 0;
  for (const [line, label] of within(text)) {
    if (/^shared_size: /.test(line)) local = Number(line.slice(13));
    if (/^nullgpu: asked/.test(line)) local = 0;
    const found = SHADER.exec(line)?.slice(1).map(Number);
    if (found) {
      const [subgroup, instructions, cycles, spills, fills] = found as [number, number, number, number, number];
      kernels.push({ label, subgroup, local, instructions, guess: `${cycles}`, spills, fills, code: [line] });
    } else kernels.at(-1)?.code.push(line);
  }
  return kernels.map(({ code, ...rest }) => {
    // What follows the code of one shader is the intermediate code of the next.
    const end = code.findIndex((line) => /^(NIR|nullgpu:|shader:)/.test(line));
    const own = end > 0 ? code.slice(0, end) : code;
    return { ...rest, code: own, loop: analyze('Intel', own).loop };
  });
}
