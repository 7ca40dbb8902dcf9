/** What is counted in machine code, on small pieces of each maker's. */
import { expect, test } from 'vitest';
import { analyze } from '../../../bench/isa/code/analysis.ts';

const AMD = `
BB0:
	s_mov_b32 s4, 0
BB1:
	buffer_load_b128 v[0:3], v8, s[0:3], 0 offen
	v_fma_f32 v4, v5, v6, v4
BB2:
	v_dual_fmac_f32 v4, v5, v6 :: v_dual_fmac_f32 v7, v5, v8
	s_add_i32 s4, s4, 1
	s_delay_alu instid0(VALU_DEP_1)
	s_cmp_eq_u32 s4, 8
	s_cbranch_scc0 BB2
	s_waitcnt vmcnt(0)
	ds_store_b128 v9, v[0:3]
	s_cbranch_scc0 BB1
BB3:
	scratch_store_b32 off, v0, s0
	s_endpgm`.split('\n');

test('AMD: inner loops count as often as they turn, dual instructions twice, delays not at all', () => {
  const { instructions, spills, fills, loop } = analyze('AMD', AMD);
  expect({ instructions, spills, fills }).toEqual({ instructions: 12, spills: 1, fills: 0 });
  // Load, multiply-add; eight times four instructions with two multiply-adds; wait, store, jump.
  expect(loop?.step).toMatchObject({ work: 17, all: 37, fma: 17, load: 1, 'local store': 1 });
  expect(loop?.core).toMatchObject({ work: 2, all: 4 });
  expect(loop?.sure).toBe(true);
  expect(loop?.lines).toEqual([4, 15]);
});

test('AMD: the prefetch is what lies between a load and the wait for it', () => {
  expect(analyze('AMD', AMD).loop?.prefetch).toEqual([17, 17]);
  const early = AMD.toSpliced(5, 0, '\ts_waitcnt vmcnt(0)');
  expect(analyze('AMD', early).loop?.prefetch).toEqual([0, 0]);
  const another = AMD.toSpliced(5, 0, '\tbuffer_load_b32 v9, v8, s[0:3], 0 offen', '\ts_waitcnt vmcnt(1)');
  // The second may still be under way where the first is waited for.
  expect(analyze('AMD', another).loop?.prefetch).toEqual([0, 17]);
});

const NVIDIA = `
.L_x_0:
        /*0100*/                   LDG.E.128 R4, desc[UR4][R2.64] ;
        /*0110*/                   FFMA R8, R9, R10, R8 ;
        /*0120*/               @P0 FFMA R11, R9, R12, R11 ;
        /*0130*/                   NOP ;
        /*0140*/                   STS.128 [R20], R4 ;
        /*0150*/                   FFMA R8, R9, R10, R8 ;
        /*0160*/               @P1 BRA \`(.L_x_0) ;
        /*0170*/                   STL [R1], R8 ;`.split('\n');

test('NVIDIA: a load is waited for by whoever reads one of its registers', () => {
  const { spills, loop } = analyze('NVIDIA', NVIDIA);
  expect(spills).toBe(1);
  expect(loop?.step).toMatchObject({ work: 3, all: 6 });
  expect(loop?.prefetch).toEqual([2, 2]);
  const early = NVIDIA.toSpliced(3, 0, '        /*0108*/                   FADD R30, R7, R30 ;');
  expect(analyze('NVIDIA', early).loop?.prefetch).toEqual([0, 0]);
});

const INTEL = `
LABEL0:
send(16)        g10UD           g8UD            nullUD          a0<0>UD         0x00000000                { align1 1H @1 $3 };
            ugm MsgDesc: ( load, a32, d32, V4, L1STATE_L3MOCS dst_len = 8, src0_len = 2, bti ) surface_state_index 1
mad(16)         g20<1>F         g20<8,8,1>F     g30<8,8,1>F     g31<1,1,1>F      { align1 1H };
mad(16)         g22<1>F         g22<8,8,1>F     g30<8,8,1>F     g32<1,1,1>F      { align1 1H };
mov(16)         g40<1>UD        g10<8,8,1>UD                    { align1 1H $3.dst };
while(16)       JIP:  LABEL0                                    { align1 1H };`.split('\n');

test('Intel: a load is waited for where its token is', () => {
  const { loop } = analyze('Intel', INTEL);
  expect(loop?.step).toMatchObject({ work: 2, all: 5, load: 1, move: 1 });
  expect(loop?.prefetch).toEqual([2, 2]);
});

test('a kernel without multiply-adds in a loop has no step', () => {
  expect(analyze('NVIDIA', ['        /*0000*/                   EXIT ;'])).toEqual({
    instructions: 1,
    spills: 0,
    fills: 0,
  });
});
