/**
 * The self-test of float16: before a device may compute with it, it has to find a known answer, exactly, with every tile
 * a GPU may choose; and what is too large for float16 has to come out as no number, since training relies on noticing that.
 */
import type { Gpu } from '../../runtime/gpu.ts';
import { Scope, settle } from '../../runtime/scope.ts';
import { Random } from '../../util/random.ts';
import type { Algorithm } from '../conv/algorithm.ts';
import { MATRIX_LANES, MATRIX_UNITS, type MatrixUnit } from '../conv/gemm/conv2d_matrix.ts';
import { gemmForward, gemmInputGrad } from '../conv/gemm/forward.ts';
import { gemmWeightGrad } from '../conv/gemm/weight_grad.ts';
import type { ConvGeometry } from '../conv/geometry.ts';
import type { Convolution, Direction } from '../conv/task.ts';
import { type DeviceTraits, emitInto, type KernelCall } from '../core/emit.ts';
import { canHave } from '../core/lanes.ts';
import { type Binding, record, traitsOf } from '../core/record.ts';

/** The shape of matrix units to use, if the device has one that there are kernels for. */
export function matrixUnitFor({
  matrixUnits,
  ...sizes
}: Pick<Gpu, 'matrixUnits' | 'subgroupSize' | 'subgroupSizes'>): MatrixUnit | undefined {
  if (!canHave(sizes, MATRIX_LANES)) return undefined;
  return (Object.keys(MATRIX_UNITS) as MatrixUnit[]).find((unit) => matrixUnits.includes(unit));
}

/** Computes known answers, and lets `gpu` use what got them right. @throws DeviceError when the device is lost. */
export async function prove(gpu: Gpu): Promise<void> {
  const half: DeviceTraits = { ...traitsOf(gpu), precision: 'f16' };
  const wrong = await findError(gpu, half, 'gemm-f16 ');
  if (wrong) {
    gpu.onWarning(`${gpu.name}: expected float16 to pass its self-test, got ${wrong} – float32 is used instead`);
    return;
  }
  gpu.validated = { precision: 'f16' };
  const matrixUnit = matrixUnitFor(gpu);
  if (!matrixUnit) return;
  const broken = await findError(gpu, { ...half, matrixUnit }, 'matrix ');
  if (broken) {
    gpu.onWarning(`${gpu.name}: expected matrix units to pass their self-test, got ${broken} – they are not used`);
  } else gpu.validated = { precision: 'f16', matrixUnit };
}

/** Channels that fill no tile and no step, taps beyond the edges, sums of at most 180 terms. */
const geometry: ConvGeometry = {
  batch: 2,
  inHeight: 5,
  inWidth: 7,
  inChannels: 20,
  outHeight: 5,
  outWidth: 7,
  outChannels: 12,
  kernelHeight: 3,
  kernelWidth: 3,
  strideY: 1,
  strideX: 1,
  padTop: 1,
  padLeft: 1,
};
/** Larger than any float16. */
const TOO_LARGE = 1e6;
const TAPS = 9;

const algorithms = { forward: gemmForward, inputGrad: gemmInputGrad, weightGrad: gemmWeightGrad };
const results = { forward: 'y', inputGrad: 'dx', weightGrad: 'dw' } as const;

/** The operands on the device. */
type Bound = Readonly<Record<'x' | 'w' | 'dy', GPUBuffer>>;

/** Runs all algorithms whose names begin with `prefix`. Returns what is wrong with the first that errs. */
async function findError(gpu: Gpu, traits: DeviceTraits, prefix: string): Promise<string | undefined> {
  const { x, w, dy } = operands();
  const expected = answers(x, w, dy);
  const scope = new Scope(gpu);
  const buffer = (elements: number) => scope.buffer('self-test', elements * 4);

  const prepare = async (bound: Bound, direction: Direction, algorithm: Algorithm<Direction>) => {
    const want = expected[results[direction]];
    const into = buffer(want.length);
    const calls: KernelCall<Binding>[] = [];
    const emit = emitInto<Binding>(calls, traits, buffer);
    algorithm.emit(emit, { ...bound, [results[direction]]: into } as never, taskOf(direction));
    const program = scope.own(await record(gpu, algorithm.name, calls));
    return { name: `${algorithm.name}, ${direction}`, program, into, want };
  };
  try {
    const bound: Bound = { x: buffer(x.length), w: buffer(w.length), dy: buffer(dy.length) };
    gpu.write(bound.w, w);
    const candidates = (Object.keys(algorithms) as Direction[]).flatMap((direction) =>
      (algorithms[direction] as readonly Algorithm<Direction>[])
        .filter((each) => each.name.startsWith(prefix) && each.fits(traits, taskOf(direction)))
        // A software driver takes many seconds to compile them all, and is never better off with a large tile.
        .slice(0, traits.software ? 1 : undefined)
        .map((each) => prepare(bound, direction, each)),
    );
    for (const { name, program, into, want } of await settle(candidates)) {
      const run = async (first: number | undefined): Promise<Float32Array> => {
        gpu.write(bound.x, first === undefined ? x : Float32Array.of(first));
        gpu.write(bound.dy, first === undefined ? dy : Float32Array.of(first));
        await gpu.attempt(() => gpu.submit(program));
        return gpu.readFloats(into, want.length);
      };
      const got = await run(undefined);
      const wrong = want.findIndex((value, i) => got[i] !== value);
      if (wrong >= 0) return `${got[wrong]} for ${want[wrong]} (${name})`;
      if ((await run(TOO_LARGE)).every(Number.isFinite)) return `numbers from products of ${TOO_LARGE} (${name})`;
    }
    return undefined;
  } catch (cause) {
    gpu.check(); // A lost device is another matter.
    return `'${(cause as Error).message.split('\n')[0]}'`;
  } finally {
    scope.close();
  }
}

function taskOf<D extends Direction>(direction: D): Convolution<D> {
  return { direction, geometry, options: { activation: 'none' } };
}

function operands() {
  const { batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry;
  return {
    x: numbers(batch * inHeight * inWidth * inChannels, 1),
    w: numbers(TAPS * inChannels * outChannels, 2),
    dy: numbers(batch * outHeight * outWidth * outChannels, 3),
  };
}

/** Whole multiples of 1/256 in [-1, 1]: float16 holds them, and float32 every sum of 180 of their products, exactly. */
function numbers(count: number, seed: number): Float32Array<ArrayBuffer> {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.below(513) / 256 - 1);
}

/** The convolution and its gradients by their definition, in float64. */
function answers(x: Float32Array, w: Float32Array, dy: Float32Array) {
  const { batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry;
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  for (let pixel = 0; pixel < batch * outHeight * outWidth; pixel++) {
    for (let tap = 0; tap < TAPS; tap++) {
      const column = (pixel % outWidth) + (tap % 3) - 1;
      const row = (Math.floor(pixel / outWidth) % outHeight) + Math.floor(tap / 3) - 1;
      if (row < 0 || row >= inHeight || column < 0 || column >= inWidth) continue;
      const from = (Math.floor(pixel / outWidth / outHeight) * inHeight + row) * inWidth + column;
      for (let i = 0; i < inChannels; i++) {
        for (let o = 0; o < outChannels; o++) {
          const [atX, atW, atY] = [
            from * inChannels + i,
            (tap * inChannels + i) * outChannels + o,
            pixel * outChannels + o,
          ];
          y[atY]! += x[atX]! * w[atW]!;
          dx[atX]! += dy[atY]! * w[atW]!;
          dw[atW]! += x[atX]! * dy[atY]!;
        }
      }
    }
  }
  return { y, dx, dw };
}
