/** Patterns that name variants of kernels: NAME, NAME/CHOICE or NAME/CHOICE/CHOICE, where * in NAME stands for anything. */
import type { KernelSpec } from '../../../src/kernels/core/define.ts';

export interface Variant {
  readonly kernel: KernelSpec;
  readonly choice: Readonly<Record<string, string>>;
  readonly label: string;
}

/** A kernel in all of its variants. */
export function variantsOf(kernel: KernelSpec): Variant[] {
  const choices = Object.entries(kernel.variants).reduce<Record<string, string>[]>(
    (all, [slot, options]) =>
      all.flatMap((choice) => Object.keys(options).map((option) => ({ ...choice, [slot]: option }))),
    [{}],
  );
  return choices.map((choice) => ({ kernel, choice, label: [kernel.name, ...Object.values(choice)].join('/') }));
}

/** Those that a pattern names: by all of their choices in the order of the slots, or else by some of them, in any order. */
export function matching(variants: readonly Variant[], pattern: string): readonly Variant[] {
  const [name = '', ...wanted] = pattern.split('/');
  const names = new RegExp(`^${name.replaceAll('*', '.*')}$`);
  const named = variants.filter(({ kernel }) => names.test(kernel.name));
  const exact = named.filter(({ choice }) => wanted.length && Object.values(choice).join() === wanted.join());
  if (exact.length) return exact;
  return named.filter(({ choice }) => wanted.every((each) => Object.values(choice).includes(each)));
}
