/** Machine code of AMD's GPUs, as RADV prints it by LLVM's disassembler. */
import { type Isa, type Kinds, kindOf } from './op.ts';

const KINDS: Kinds = [
  ['matrix', /^v_(wmma|swmmac|mfma)/],
  ['fma', /^v_(pk_fma|dot|fma_mix|mad_mix)/],
  ['fma', /^v_(fma|fmac|mac|mad|fmaak|fmamk|madak|madmk)_(f32|f16|legacy_f32)/],
  ['float', /^v_(pk_)?(add|sub|subrev|mul|max|min)_(f32|f16|legacy_f32)/],
  ['convert', /^v_cvt/],
  ['move', /^v_(mov|perm|swap|readlane|readfirstlane|writelane|accvgpr|pack)/],
  ['select', /^v_cndmask/],
  ['integer', /^v_/],
  ['local load', /^ds_(load|read)/],
  ['local store', /^ds_/],
  ['fill', /^scratch_load/],
  ['spill', /^scratch_store/],
  ['load', /^(buffer|global|flat)_load/],
  ['store', /^(buffer|global|flat)_(store|atomic)/],
  ['wait', /^s_(waitcnt|wait_)/],
  ['free', /^s_(delay_alu|nop|clause|inst_prefetch|set_inst_prefetch)/],
  ['barrier', /^s_barrier/],
  ['branch', /^s_c?branch/],
  ['scalar', /^s_/],
];

export const amd: Isa = {
  decode: (lines) =>
    lines.map((source, i) => {
      const label = /^(BB\d+):/.exec(source)?.[1];
      const text = source.trim();
      if (label || !source.startsWith('\t')) return { text, line: i + 1, kinds: [], label };
      const kinds = (text.match(/v_dual_\w+/g) ?? [text]).map((each) => kindOf(KINDS, each.replace('dual_', '')));
      const target = /^s_c?branch\w*\s+(BB\d+)/.exec(text)?.[1];
      // Loads return in order: a wait says how many of them may be under way still.
      return { text, line: i + 1, kinds, target, loaded: kinds[0] === 'load' ? ['in order'] : undefined };
    }),
  needs(_, { text }, later) {
    const left = /vmcnt\((\d+)\)/.exec(text)?.[1];
    return left !== undefined && later >= Number(left);
  },
  turns(ops) {
    const body = ops.map(({ text }) => text).join('\n');
    for (const [, register, end] of body.matchAll(/s_cmpk?_(?:ge|lt|eq|lg|gt)_[ui]32 (s\d+), (0x[0-9a-f]+|\d+)/g)) {
      const by = new RegExp(`s_addk?_[iu]32 ${register}, (?:${register}, )?(0x[0-9a-f]+|\\d+)`).exec(body)?.[1];
      if (by && Number(end) > 0) return Number(end) / Number(by);
    }
    return undefined;
  },
};
