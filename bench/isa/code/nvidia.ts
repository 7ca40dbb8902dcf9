/** Machine code of NVIDIA's GPUs, as nvdisasm prints it. */
import { type Isa, type Kinds, kindOf, type Op } from './op.ts';

const KINDS: Kinds = [
  ['matrix', /^(HMMA|IMMA|QGMMA|HGMMA)/],
  ['move', /^(MOV|CS2R|S2R|S2UR|IMAD\.MOV|HFMA2\S* \w+, -?RZ, RZ)/],
  ['fma', /^(FFMA|DFMA|HFMA2)\b/],
  ['float', /^(FADD|FMUL|FMNMX|HADD2|HMUL2|HMNMX2|MUFU|FSETP)/],
  ['select', /^(SEL|FSEL)/],
  ['convert', /^(I2F|F2I|F2F|I2FP|F2FP)/],
  ['local load', /^LDS/],
  ['local store', /^STS/],
  ['fill', /^LDL/],
  ['spill', /^STL/],
  ['load', /^LDG?\b/],
  ['store', /^(STG?|ATOMG?|RED)\b/],
  ['barrier', /^BAR/],
  ['branch', /^(BRA|BSSY|BSYNC|EXIT|WARPSYNC|CALL|RET|BREAK)/],
  ['free', /^NOP/],
  ['scalar', /^(U[A-Z]|LDC|R2UR)/],
  ['integer', /^[A-Z]/],
];

/** The registers in an operand, `count` of them in a row. */
function registersIn(operand: string, count: number): string[] {
  const first = /\bR(\d+)/.exec(operand)?.[1];
  return first === undefined ? [] : Array.from({ length: count }, (_, i) => `R${Number(first) + i}`);
}

/** The registers that a load fills. */
function loadedBy(text: string): string[] {
  const [opcode = '', to = ''] = text.split(/[\s,]+/);
  return registersIn(to, opcode.includes('.128') ? 4 : opcode.includes('.64') ? 2 : 1);
}

/** The registers that an instruction reads. */
function readBy(text: string): string[] {
  const [opcode = '', ...rest] = text.split(/\s+/);
  const operands = rest.join(' ').split(',');
  // Stores, jumps and comparisons write none.
  const read = /^(ST|BAR|BRA|ISETP|FSETP|RED)/.test(opcode) ? operands : operands.slice(1);
  const wide = /^ST.*\.128/.test(opcode) ? 4 : 1;
  return read.flatMap((operand) => registersIn(operand, operand.includes('.64') ? 2 : wide));
}

export const nvidia: Isa = {
  decode: (lines) =>
    lines.flatMap((source, i): Op[] => {
      const label = /^\s*(\.L_x_\d+):/.exec(source)?.[1];
      if (label) return [{ text: source, line: i + 1, kinds: [], label }];
      const text = /^\s*\/\*[0-9a-f]{4,}\*\/\s+(.*?) ?;/.exec(source)?.[1]?.replace(/^@!?U?P\w+ /, '');
      if (!text) return [];
      const kind = kindOf(KINDS, text);
      const kinds = /^FFMA2/.test(text) ? ['fma', 'fma'] : [kind];
      const target = /^BRA\b.*?(\.L_x_\d+)/.exec(text)?.[1];
      return [{ text, line: i + 1, kinds, target, loaded: kind === 'load' ? loadedBy(text) : undefined }];
    }),
  needs: ({ loaded }, { text }) => readBy(text).some((register) => loaded?.includes(register)),
  // Its counters begin anywhere and run in steps of a row: the analysis is told what a step has to come to.
  turns: () => undefined,
};
