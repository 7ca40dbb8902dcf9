/**
 * Former names of fields in machine-readable output: British spellings, which programs of others may read. They are
 * written beside the present ones, and read in their place, until version 0.2.
 */
const FORMER: Readonly<Record<string, string>> = {
  meanColor: 'meanColour',
  colorfulness: 'colourfulness',
  colorfulnessRatio: 'colourfulnessRatio',
};
const PRESENT = Object.fromEntries(Object.entries(FORMER).map(([present, former]) => [former, present]));

/** What a run's file of colors was called. */
export const FORMER_COLORS = 'colours.json';

/** Returns plain data with each renamed field under its former name too, at any depth. */
export function withFormerNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFormerNames);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, held]) => {
      const told = withFormerNames(held);
      const former = Object.hasOwn(FORMER, name) ? [[FORMER[name], told]] : [];
      return [[name, told], ...former];
    }),
  );
}

/** Returns an object whose fields of former names have their present ones. */
export function withPresentNames<T extends object>(value: T): T {
  const renamed = Object.entries(value).map(([name, held]) => [
    Object.hasOwn(PRESENT, name) ? PRESENT[name] : name,
    held,
  ]);
  return Object.fromEntries(renamed) as T;
}
