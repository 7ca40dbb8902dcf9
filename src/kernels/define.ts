/**
 * What a kernel is: a plain record that names a WGSL file's buffers, parameters and variants.
 * It holds no GPU object; `record.ts` turns calls of kernels into a program that a device replays.
 */
import { KernelError } from '../runtime/errors.ts';

export type Scalar = 'u32' | 'i32' | 'f32';
export type Access = 'read' | 'read_write';
export type Grid = readonly [x: number, y?: number, z?: number];

export type Values<P extends Record<string, Scalar>> = { readonly [K in keyof P]: number };

/** How one storage buffer is used: its access mode, and the number of 32-bit elements it must hold at least. */
export interface BufferSpec<P extends Record<string, Scalar>> {
  readonly access: Access;
  readonly length: (params: Values<P>) => number;
}

/** Alternative WGSL declarations for the identifiers a shader leaves open: `{ slot: { choice: wgsl } }`. */
export type Variants = Readonly<Record<string, Readonly<Record<string, string>>>>;
export type Choice<V extends Variants> = { readonly [K in keyof V]: keyof V[K] & string };

/** A compute kernel: its WGSL, and all that is checked against it or needed to run it. */
export interface KernelSpec<
  B extends string = string,
  P extends Record<string, Scalar> = Record<string, Scalar>,
  V extends Variants = Variants,
> {
  /** Same as the file name in shaders/, and the label seen in profilers and validation errors. */
  readonly name: string;
  /** The WGSL, with an entry point `main`. */
  readonly source: string;
  /** Features of the device without which it does not compile. */
  readonly requires?: readonly string[];
  /** In binding order; the uniform `params` takes the binding after the last one. */
  readonly buffers: Readonly<Record<B, BufferSpec<P>>>;
  /** The fields of the shader's `struct Params`, in order. 32-bit scalars only, so no padding rules apply. */
  readonly params: P;
  /** Parameters of type f32 that may be infinite, or NaN: numbers that are data. All others must be finite. */
  readonly anyNumber?: readonly (keyof P & string)[];
  /** Defaults of the shader's `override` constants. */
  readonly constants: Readonly<Record<string, number>>;
  /** What the shader leaves open, as a closed table; one choice of each slot is appended to the source. */
  readonly variants: V;
  /** The grid, in workgroups. */
  readonly workgroups: (params: Values<P>, choice: Choice<V>) => Grid;
}

/** Declares a compute kernel and checks the declaration against its WGSL. Needs no GPU. */
export function defineKernel<
  const B extends string,
  const P extends Record<string, Scalar>,
  const V extends Variants = Record<never, never>,
>(spec: KernelSpec<B, P, V>): KernelSpec<B, P, V> {
  checkInterface(spec);
  return spec;
}

/** Spreads `count` threads over a 1-D or, past 65 535 workgroups, 2-D grid. */
export function linear(count: number, workgroupSize: number): Grid {
  const groups = Math.ceil(count / workgroupSize);
  if (groups <= 65535) return [groups];
  const y = Math.ceil(groups / 65535);
  return [Math.ceil(groups / y), y];
}

/**
 * Returns the complete WGSL of one specialisation: the shader, then the chosen declarations.
 *
 * WGSL declarations may come in any order; appending keeps the line numbers of compile errors those of the .wgsl file.
 *
 * @throws KernelError when `choice` names something that `variants` does not have.
 */
export function specialise<V extends Variants>(
  spec: { readonly name: string; readonly source: string; readonly variants: V },
  choice: Choice<V>,
): string {
  const declarations = Object.entries(spec.variants).map(([slot, options]) => {
    const wgsl = options[choice[slot] ?? ''];
    if (wgsl === undefined) {
      throw new KernelError(
        `${spec.name}: '${slot}' must be one of ${Object.keys(options).join(', ')}, got '${choice[slot]}'`,
      );
    }
    return wgsl;
  });
  return [spec.source, ...declarations].join('\n');
}

const BINDING = /@group\(0\)\s*@binding\((\d+)\)\s*var<(storage,\s*(read|read_write)|uniform)>\s*(\w+)/g;
const OVERRIDE = /^override\s+(\w+)/gm;

function checkInterface(spec: {
  readonly name: string;
  readonly source: string;
  readonly buffers: Readonly<Record<string, { readonly access: Access }>>;
  readonly params: Record<string, Scalar>;
  readonly constants: Readonly<Record<string, number>>;
}): void {
  const { name, source } = spec;
  const expect = (what: string, declared: readonly string[], found: readonly string[]): void => {
    if (declared.join() !== found.join()) {
      throw new KernelError(
        `${name}: ${what} are [${declared.join(', ')}] in TypeScript but [${found.join(', ')}] in WGSL`,
      );
    }
  };
  const bindings = [...source.matchAll(BINDING)].sort((l, r) => Number(l[1]) - Number(r[1]));
  expect(
    'bindings',
    [...Object.entries(spec.buffers).map(([key, { access }]) => `${key}: ${access}`), 'params: uniform'],
    bindings.map(([, , kind, access, key]) => `${key}: ${access ?? kind}`),
  );
  const body = (/struct Params\s*\{([^}]*)\}/.exec(source)?.[1] ?? '').replace(/\/\/.*$/gm, '');
  expect(
    'params',
    Object.entries(spec.params).map(([key, type]) => `${key}: ${type}`),
    [...body.matchAll(/(\w+)\s*:\s*(\w+)/g)].map(([, key, type]) => `${key}: ${type}`),
  );
  expect(
    'override constants',
    Object.keys(spec.constants),
    [...source.matchAll(OVERRIDE)].map(([, key]) => key ?? ''),
  );
}
