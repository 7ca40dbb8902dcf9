/** The losses of a run as a picture: batches pale, their running mean strong, validations as dots. */

/** Lines of a run's log; others than these two are left out. */
export type LogEntry =
  | { readonly step: number; readonly loss: number }
  | { readonly step: number; readonly val: number; readonly grey: number; readonly meanColour: number };

/** Of the drawing, in its own units. */
const WIDTH = 720;
const HEIGHT = 320;
const PLOT = { left: 64, right: WIDTH - 118, top: 16, bottom: HEIGHT - 34 };
/** Points of a curve: there are no more pixels. */
const MOST_POINTS = 600;
/** Steps that the running mean is over, as a share of all. */
const MEAN_SHARE = 0.05;

const STYLE = `text { font: 12px sans-serif; fill: #555 } path { fill: none; stroke: #2a7a5f; stroke-width: 2 }
.batch { stroke-width: 0.5; opacity: 0.35 } line { stroke: #999; stroke-dasharray: 4 4 } circle { fill: #c2571a }
@media (prefers-color-scheme: dark) { text { fill: #bbb } path { stroke: #5cc09c } circle { fill: #f0934e } }`;

/** Draws it as SVG. The axis of losses reaches a little beyond the running mean, the validations and their baselines. */
export function lossSvg(entries: readonly LogEntry[]): string {
  const batches = entries.filter((entry) => 'loss' in entry);
  const validations = entries.filter((entry) => 'val' in entry);
  const means = runningMean(batches.map(({ loss }) => loss));
  const last = validations.at(-1);
  const marks = [
    ...(last ? [{ value: last.grey, text: `all grey ${figure(last.grey)}` }] : []),
    ...(last ? [{ value: last.meanColour, text: `one colour ${figure(last.meanColour)}` }] : []),
  ];
  // The first steps' fall from random weights would flatten all the rest.
  const settled = means.slice(Math.floor(means.length * MEAN_SHARE));
  const shown = [...settled, ...validations.map(({ val }) => val), ...marks.map(({ value }) => value)];
  const steps = Math.max(2, ...[batches, validations].map((list) => list.at(-1)?.step ?? 0));
  const [least, most] = [shown.reduce((a, b) => Math.min(a, b), 1), shown.reduce((a, b) => Math.max(a, b), 0)];
  const room = (most - least || 1) * 0.08;
  const [low, high] = [least - room, most + room];
  const x = (step: number) => (PLOT.left + ((step - 1) / (steps - 1)) * (PLOT.right - PLOT.left)).toFixed(1);
  const y = (loss: number) => {
    const inside = Math.min(high, Math.max(low, loss));
    return (PLOT.bottom - ((inside - low) / (high - low)) * (PLOT.bottom - PLOT.top)).toFixed(1);
  };
  const curve = (values: readonly number[], kind: string) => {
    const every = Math.ceil(values.length / MOST_POINTS);
    const points = values.flatMap((value, i) => (i % every === 0 ? `${x(batches[i]!.step)},${y(value)}` : []));
    return points.length > 0 ? `<path class="${kind}" d="M${points.join('L')}"/>` : '';
  };
  const label = last ? `Loss of ${steps} steps; validation at last ${figure(last.val)}` : `Loss of ${steps} steps`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
<style>${STYLE}</style>
${[low + room, (low + high) / 2, high - room].map((at) => `<text x="${PLOT.left - 8}" y="${y(at)}" dy="4" text-anchor="end">${figure(at)}</text>`).join('')}
<text x="${PLOT.left}" y="${HEIGHT - 10}">step 1</text><text x="${PLOT.right}" y="${HEIGHT - 10}" text-anchor="end">${steps}</text>
${marks.map(({ value, text }) => `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(value)}" y2="${y(value)}"/><text x="${PLOT.right + 6}" y="${y(value)}" dy="4">${text}</text>`).join('\n')}
${curve(
  batches.map(({ loss }) => loss),
  'batch',
)}
${curve(means, 'mean')}
${validations.map(({ step, val }) => `<circle cx="${x(step)}" cy="${y(val)}" r="4"/>`).join('')}
${last ? `<text x="${PLOT.right + 6}" y="${y(last.val)}" dy="4">validation ${figure(last.val)}</text>` : ''}
</svg>
`;
}

const figure = (value: number) => value.toFixed(4);

/** Of each value and those before it. */
function runningMean(values: readonly number[]): number[] {
  const length = Math.max(1, Math.round(values.length * MEAN_SHARE));
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= length ? values[i - length]! : 0);
    return sum / Math.min(i + 1, length);
  });
}
