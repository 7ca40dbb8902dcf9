/**
 * The tiles of implicit GEMM: the same products in float32, with operands rounded to float16, and of those by matrix
 * units. Sums are float32 in all of them.
 */

import type { Values } from '../../core/define.ts';
import type { DeviceTraits, Emit } from '../../core/emit.ts';
import { conv2dGemm, type GemmParams, TILES, type TileName, tileColumns, tileRows } from './conv2d_gemm.ts';
import { conv2dGemmF16 } from './conv2d_gemm_f16.ts';
import { conv2dGemmF16WeightGrad } from './conv2d_gemm_f16_weight_grad.ts';
import { conv2dGemmWeightGrad } from './conv2d_gemm_weight_grad.ts';
import { conv2dMatrix, MATRIX_TILES, type MatrixTile } from './conv2d_matrix.ts';
import { conv2dMatrixWeightGrad } from './conv2d_matrix_weight_grad.ts';
import { RATE, type TileShape } from './cost.ts';
import type { Schedule } from './schedule.ts';
import { alternativeFor, type Held, productsFor, scheduleFor } from './schedule_choice.ts';

export interface GemmTile extends TileShape {
  /** Unique: which kernels, and which tile of them. */
  readonly name: string;
  /** Whether the device can run it, at the precision that was asked for. */
  available(traits: DeviceTraits): boolean;
  /** Emits the product of pixels and weights, of `conv2d_gemm` or of a kernel like it. */
  emit<T>(emit: Emit<T>, buffers: Record<'x' | 'weights' | 'bias' | 'residual' | 'y', T>, params: GemmParams): void;
  /** Emits the gradient of the weights, of `conv2d_gemm_weight_grad` or of a kernel like it. */
  emitWeightGrad<T>(
    emit: Emit<T>,
    buffers: Record<'x' | 'dy' | 'partial', T>,
    params: Values<typeof conv2dGemmWeightGrad.params>,
  ): void;
}

/** The share of RATE a tile reaches in a large product. Measured on an A100, for all GPUs of which nothing else is known. */
const MEASURED = { '32x32': 0.45, '64x64': 0.65, '128x64': 0.82, '64x128': 0.8, '128x128': 0.83 } as const;
/**
 * The same by vendor, compiled, not measured: multiply-adds among the instructions of a step (bench/results/isa-*.md). On
 * AMD's RDNA 3 at most what workgroup memory gives: a thread of 8x4 sums reads 1.5 bytes for a multiply-add, one of 4x4 sums
 * 2, and 1 is in balance.
 */
const COMPILED: Readonly<Record<string, Readonly<Record<TileName, number>>>> = {
  amd: { '32x32': 0.5, '64x64': 0.67, '128x64': 0.67, '64x128': 0.77, '128x128': 0.79 },
  intel: { '32x32': 0.62, '64x64': 0.7, '128x64': 0.69, '64x128': 0.7, '128x128': 0.71 },
};

const efficiencyOf = ({ vendor = '' }: DeviceTraits, tile: TileName): number => (COMPILED[vendor] ?? MEASURED)[tile];

/** On a CPU, tiles in workgroup memory reach 4 to 7 GFLOP/s where the direct algorithm has 30; float16 is emulated. */
const SOFTWARE_SLOWNESS = { gemm: 6, 'gemm-f16': 24 } as const;
/** What float16 saves without matrix units: half of the traffic with workgroup memory. An estimate. */
const HALF_GAIN = 1.1;
/** Multiply-adds of one multiprocessor in a cycle by matrix units: limited by their operands' bandwidth; a guess, unmeasured. */
const MATRIX_RATE = { '64x64': 200, '128x64': 280, '128x128': 360 } as const;

const names = Object.keys(TILES) as TileName[];

/** The model takes another schedule for that much slower; the tuner measures. */
const ALTERNATIVE_RATE = 0.95;

const float32 = names.map(
  (tile): GemmTile => ({
    ...shapeOf('gemm', tile),
    available: () => true,
    emit: (emit, buffers, params) => emit.call(conv2dGemm, buffers, params, forwardChoice(emit.traits, tile)),
    emitWeightGrad: (emit, buffers, params) =>
      emit.call(conv2dGemmWeightGrad, buffers, params, gradChoice(emit.traits, tile)),
  }),
);

/** The same with a schedule that is not the vendor's, on GPUs. */
const alternatives = (['plain', 'late', 'unrolled'] as const satisfies Schedule[]).flatMap((schedule) =>
  names.map((tile): GemmTile => {
    const shape = shapeOf('gemm', tile);
    return {
      ...shape,
      name: `${shape.name} ${schedule}`,
      rate: (traits) => shape.rate(traits) * ALTERNATIVE_RATE,
      available: (traits) => !traits.software && alternativeFor(traits, heldBy(tile)) === schedule,
      emit: (emit, buffers, params) =>
        emit.call(conv2dGemm, buffers, params, { ...forwardChoice(emit.traits, tile), schedule }),
      emitWeightGrad: (emit, buffers, params) => emit.call(conv2dGemmWeightGrad, buffers, params, { tile, schedule }),
    };
  }),
);

const float16 = names.map(
  (tile): GemmTile => ({
    ...shapeOf('gemm-f16', tile),
    available: ({ precision }) => precision === 'f16',
    emit: (emit, buffers, params) => emit.call(conv2dGemmF16, buffers, params, forwardChoice(emit.traits, tile)),
    emitWeightGrad: (emit, buffers, params) =>
      emit.call(conv2dGemmF16WeightGrad, buffers, params, gradChoice(emit.traits, tile)),
  }),
);

const matrix = (Object.keys(MATRIX_TILES) as MatrixTile[]).map(
  (tile): GemmTile => ({
    name: `matrix ${tile}`,
    rows: MATRIX_TILES[tile].pixels,
    columns: MATRIX_TILES[tile].channels,
    depth: MATRIX_TILES[tile].depth,
    rate: () => MATRIX_RATE[tile],
    softwareSlowness: SOFTWARE_SLOWNESS['gemm-f16'],
    available: ({ precision, matrixUnit }) => precision === 'f16' && matrixUnit !== undefined,
    emit: (emit, buffers, params) => emit.call(conv2dMatrix, buffers, params, { tile, unit: emit.traits.matrixUnit! }),
    emitWeightGrad: (emit, buffers, params) =>
      emit.call(conv2dMatrixWeightGrad, buffers, params, { tile, unit: emit.traits.matrixUnit! }),
  }),
);

export const gemmTiles: readonly GemmTile[] = [...float32, ...alternatives, ...float16, ...matrix];

/** The registers of a thread: a step has as many operands in both directions. */
function heldBy(tile: TileName): Held {
  const { rows, columns, quads, vectors, depth } = TILES[tile];
  const fetched = (tileRows(tile) + tileColumns(tile)) * depth;
  return { sums: 16 * quads * vectors, loads: fetched / (4 * rows * columns) };
}

const gradChoice = (traits: DeviceTraits, tile: TileName) => ({ tile, schedule: scheduleFor(traits, heldBy(tile)) });

function forwardChoice(traits: DeviceTraits, tile: TileName) {
  return { ...gradChoice(traits, tile), products: productsFor(traits, heldBy(tile)) };
}

function shapeOf(kernel: 'gemm' | 'gemm-f16', tile: TileName) {
  return {
    name: `${kernel} ${tile}`,
    rows: tileRows(tile),
    columns: tileColumns(tile),
    depth: TILES[tile].depth,
    rate: (traits: DeviceTraits) => RATE * efficiencyOf(traits, tile) * (kernel === 'gemm' ? 1 : HALF_GAIN),
    softwareSlowness: SOFTWARE_SLOWNESS[kernel],
  };
}
