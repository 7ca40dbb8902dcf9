/**
 * Declaration of a kernel: a plain record that names a WGSL file's buffers, parameters and variants.
 * It holds no GPU object; `record.ts` turns calls of kernels into a program that a device replays.
 */
import { KernelError } from '../../runtime/errors.ts';
import { fold } from './limits.ts';

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

/** Lanes that a kernel wants: `fewest`, which leaves each the most registers, or exactly as many as it is written for. */
export type Lanes = 'fewest' | number;

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
  /** WGSL that several kernels have in common, by the names of its files below shaders/lib: `{ lab }` is lab.wgsl. */
  readonly library?: Readonly<Record<string, string>>;
  /** Features of the device without which it does not compile. */
  readonly requires?: readonly string[];
  /** The size of its subgroups, where the device lets it choose; absent: as the driver takes it. */
  readonly lanes?: Lanes;
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

/** A kernel as it is declared: with its grid, or with so many threads in workgroups of its constant WORKGROUP. */
export type KernelDeclaration<B extends string, P extends Record<string, Scalar>, V extends Variants> =
  | KernelSpec<B, P, V>
  | (Omit<KernelSpec<B, P, V>, 'workgroups'> & {
      readonly threads: (params: Values<P>, choice: Choice<V>) => number;
    });

/**
 * Declares a compute kernel and checks the declaration against its WGSL. Needs no GPU.
 *
 * @throws KernelError where they differ, or there are `threads` without a constant WORKGROUP.
 */
export function defineKernel<
  const B extends string,
  const P extends Record<string, Scalar>,
  const V extends Variants = Record<never, never>,
>(declaration: KernelDeclaration<B, P, V>): KernelSpec<B, P, V> {
  checkInterface(declaration);
  if (!('threads' in declaration)) return declaration;
  const { threads, ...spec } = declaration;
  const size = spec.constants.WORKGROUP;
  if (size === undefined) {
    throw new KernelError({
      where: spec.name,
      expected: 'a constant WORKGROUP beside threads',
      got: 'none',
      hint: 'or give workgroups',
    });
  }
  return { ...spec, workgroups: (params, choice) => dispatch1d(threads(params, choice), size) };
}

/** Spreads `count` threads over a 1-D or, past 65 535 workgroups, 2-D grid. */
export function dispatch1d(count: number, workgroupSize: number): Grid {
  const groups = Math.ceil(count / workgroupSize);
  const [x, y] = fold(groups);
  return y === 1 ? [x] : [x, y];
}

/** What the WGSL of a kernel is put together from. */
type Parts = Pick<KernelSpec, 'name' | 'source' | 'library' | 'variants'>;

/**
 * Returns the complete WGSL of one specialization: the shader, then the chosen declarations, then its library.
 *
 * WGSL declarations may come in any order; appending keeps the line numbers of compile errors those of the .wgsl file.
 * Directives have to come first: those of appended parts go into the first line.
 *
 * @param lanes the size of its subgroups, on a device with `subgroup-size-control`
 * @throws KernelError when `choice` names something that `variants` does not have.
 */
export function specialize<V extends Variants>(
  spec: Omit<Parts, 'variants'> & { readonly variants: V },
  choice: Choice<V>,
  lanes?: number,
): string {
  const [first, ...appended] = partsOf(spec, choice).map(({ text }) => text);
  const directives = appended.flatMap((text) => text.match(DIRECTIVE) ?? []);
  const whole = [[...directives, first].join(' '), ...appended.map((text) => text.replace(DIRECTIVE, ''))].join('\n');
  return lanes === undefined ? whole : `${SIZED} ${whole.replace('@compute', `@compute @subgroup_size(${lanes})`)}`;
}

/** Says where a line of what `specialize` returns comes from, as `file:line`. */
export function locate(spec: Parts, choice: Readonly<Record<string, string>>, line: number): string {
  let start = 1;
  for (const { origin, text } of partsOf(spec, choice)) {
    const lines = text.split('\n').length;
    if (line < start + lines) return `${origin}:${line - start + 1}`;
    start += lines;
  }
  return `${spec.name}.wgsl:${line}`;
}

/** What a shader needs that names the size of its subgroups. */
const SIZED = 'enable subgroups; enable subgroup_size_control;';

const DIRECTIVE = /^(?:enable|requires) [^;]*;/gm;

function partsOf({ name, source, library = {}, variants }: Parts, choice: Readonly<Record<string, string>>) {
  const chosen = Object.entries(variants).map(([slot, options]) => {
    const text = options[choice[slot] ?? ''];
    if (text === undefined) {
      throw new KernelError({
        where: name,
        expected: `${slot} ${Object.keys(options).join(', ')}`,
        got: `'${choice[slot]}'`,
      });
    }
    return { origin: `${name}, ${slot} '${choice[slot]}'`, text };
  });
  const shared = Object.entries(library).map(([file, text]) => ({ origin: `lib/${file}.wgsl`, text }));
  return [{ origin: `${name}.wgsl`, text: source }, ...chosen, ...shared];
}

const BINDING = /@group\(0\)\s*@binding\((\d+)\)\s*var<(storage,\s*(read|read_write)|uniform)>\s*(\w+)/g;
const OVERRIDE = /^override\s+(\w+)/gm;

function checkInterface(spec: {
  readonly name: string;
  readonly source: string;
  readonly library?: Readonly<Record<string, string>>;
  readonly buffers: Readonly<Record<string, { readonly access: Access }>>;
  readonly params: Record<string, Scalar>;
  readonly constants: Readonly<Record<string, number>>;
}): void {
  const { name, library = {} } = spec;
  const unknown = Object.keys(library).find((file) => typeof library[file] !== 'string');
  if (unknown)
    throw new KernelError({ where: name, expected: `WGSL as library '${unknown}'`, got: `${library[unknown]}` });
  const source = [spec.source, ...Object.values(library)].join('\n');
  const expect = (what: string, declared: readonly string[], found: readonly string[]): void => {
    if (declared.join() !== found.join()) {
      throw new KernelError({
        where: name,
        expected: `${what} as in WGSL, [${found.join(', ')}]`,
        got: `[${declared.join(', ')}] in TypeScript`,
      });
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
