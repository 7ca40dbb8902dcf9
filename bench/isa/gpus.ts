/** Names of GPUs, and whose compiler compiles for them. */
import type { Maker } from './code/op.ts';
import { Complaint } from './complaint.ts';

const INTEL = /^(skl|kbl|cfl|icl|ehl|tgl|rkl|adl|rpl|dg1|dg2|mtl|arl|lnl|bmg)$/;

/** By the GPU's name; what is neither one of NVIDIA's architectures nor one of Intel's is taken for AMD's, by RADV's names. */
export const makerOf = (gpu: string): Maker => (/^sm_\d+a?$/.test(gpu) ? 'NVIDIA' : INTEL.test(gpu) ? 'Intel' : 'AMD');

/** Sizes of subgroups. */
const SIZES: Readonly<Record<Maker, readonly number[]>> = { AMD: [32, 64], Intel: [8, 16, 32], NVIDIA: [32] };

/** @throws Complaint for subgroups that the GPU has not */
export function expectSubgroups(gpu: string, size: number | undefined): void {
  const sizes = SIZES[makerOf(gpu)];
  if (size === undefined || sizes.includes(size)) return;
  throw new Complaint(`--subgroup: expected ${sizes.join(' or ')} for ${gpu}, got ${size}`);
}
