/** Machine code of Intel's GPUs, as ANV prints it. A send's message stands on the line behind it. */
import { type Isa, type Kinds, kindOf, type Op } from './op.ts';

const KINDS: Kinds = [
  ['matrix', /^dpas/],
  ['fma', /^(mad|mac)\(/],
  // Before the LSC (DG2), spilled registers are surface 253, and workgroup memory is 254.
  ['fill', /^send.*(\( load.*\bss \)|OWORD block read, bti 253)/],
  ['spill', /^send.*(\( store.*\bss \)|OWORD block write, bti 253)/],
  ['local load', /^send.*( slm MsgDesc: \( load|surface read, Surface = 254)/],
  ['local store', /^send.*( slm MsgDesc: \( store|surface write, Surface = 254)/],
  ['load', /^send.*MsgDesc:.*(load| read|const)/],
  ['store', /^send.*MsgDesc:.*(store|write|atomic)/],
  ['barrier', /^send.*(barrier|fence)/],
  ['free', /^sync/],
  ['branch', /^(while|break|cont|if|else|endif|halt|jmpi)\b/],
  ['move', /^mov/],
  ['select', /^sel|^csel/],
  ['float', /^\w+[.\w]*\(\d+\)\s+\S+F\b/],
  ['integer', /^\w/],
];

export const intel: Isa = {
  decode(lines) {
    const found: { text: string; line: number; label: string | undefined }[] = [];
    lines.forEach((source, i) => {
      const label = /^(LABEL\d+):/.exec(source)?.[1];
      const text = source.replace(/^\([^)]*\) /, '');
      const message = found.at(-1);
      if (label || /^(sync )?\S+\(\d+\)/.test(text)) found.push({ text, line: i + 1, label });
      else if (/MsgDesc/.test(source) && message) message.text += ` ${text.trim()}`;
    });
    return found.map(({ text, line, label }): Op => {
      if (label) return { text, line, kinds: [], label };
      const kind = kindOf(KINDS, text);
      const target = /^while\(\d+\)\s+JIP:\s+(LABEL\d+)/.exec(text)?.[1];
      const token = /^send/.test(text) ? /\$\d+(?=[ ,}])/.exec(text)?.[0] : undefined;
      return { text, line, kinds: [kind], target, token, loaded: kind === 'load' && token ? [token] : undefined };
    });
  },
  needs: ({ loaded }, { text, token }) =>
    text.includes(`${loaded?.[0]}.dst`) || token === loaded?.[0] || /^sync allwr/.test(text),
  turns(ops) {
    const body = ops.map(({ text }) => text).join('\n');
    for (const [, register, end] of body.matchAll(
      /cmp\.\w+\.\S+\s+\S+\s+(g[\d.]+)<[^>]*>U?[DW]\s+(0x[0-9a-f]+|\d+)U?[DW]/g,
    )) {
      const dotted = register!.replaceAll('.', '\\.');
      const by = new RegExp(
        `add\\(\\d+\\)\\s+${dotted}<\\d>U?D\\s+${dotted}<[^>]*>U?D\\s+(0x[0-9a-f]+|\\d+)U?[DW]`,
      ).exec(body)?.[1];
      if (by && Number(end) > 0) return Number(end) / Number(by);
    }
    return undefined;
  },
};
