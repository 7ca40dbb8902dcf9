/** The losses of a run as a picture: batches pale, their running mean strong, validations as dots. */

/** Lines of a run's log; others than these two are left out. */
export type LogEntry =
  | { readonly step: number; readonly loss: number }
  | { readonly step: number; readonly val: number; readonly grey: number; readonly meanColor: number };

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

/**
 * Draws it as SVG. The axis of losses reaches a little beyond the running mean, the validations and their baselines.
 * Validations are squared errors: where the loss is not, they have an axis of their own, at the right.
 */
export function lossSvg(
  entries: readonly LogEntry[],
  loss: 'squared error' | 'cross-entropy' = 'squared error',
): string {
  const batches = entries.filter((entry) => 'loss' in entry);
  const validations = entries.filter((entry) => 'val' in entry);
  const means = runningMean(batches.map(({ loss }) => loss));
  const last = validations.at(-1);
  const marks = [
    ...(last ? [{ value: last.grey, text: `all grey ${figure(last.grey)}` }] : []),
    ...(last ? [{ value: last.meanColor, text: `one color ${figure(last.meanColor)}` }] : []),
  ];
  // The first steps' fall from random weights would flatten all the rest.
  const settled = means.slice(Math.floor(means.length * MEAN_SHARE));
  const scores = [...validations.map(({ val }) => val), ...marks.map(({ value }) => value)];
  const together = [...settled, ...scores];
  const [left, right] = loss === 'squared error' ? [axis(together), axis(together)] : [axis(settled), axis(scores)];
  const steps = Math.max(2, ...[batches, validations].map((list) => list.at(-1)?.step ?? 0));
  const x = (step: number) => (PLOT.left + ((step - 1) / (steps - 1)) * (PLOT.right - PLOT.left)).toFixed(1);
  const curve = (values: readonly number[], kind: string) => {
    const every = Math.ceil(values.length / MOST_POINTS);
    const points = values.flatMap((value, i) => (i % every === 0 ? `${x(batches[i]!.step)},${left.y(value)}` : []));
    return points.length > 0 ? `<path class="${kind}" d="M${points.join('L')}"/>` : '';
  };
  const what = loss === 'squared error' ? 'Loss' : 'Cross-entropy';
  const label = last
    ? `${what} of ${steps} steps; validation at last ${figure(last.val)}`
    : `${what} of ${steps} steps`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
<style>${STYLE}</style>
${left.ticks.map((at) => `<text x="${PLOT.left - 8}" y="${left.y(at)}" dy="4" text-anchor="end">${figure(at)}</text>`).join('')}
<text x="${PLOT.left}" y="${HEIGHT - 10}">step 1</text><text x="${PLOT.right}" y="${HEIGHT - 10}" text-anchor="end">${steps}</text>
${marks.map(({ value, text }) => `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${right.y(value)}" y2="${right.y(value)}"/><text x="${PLOT.right + 6}" y="${right.y(value)}" dy="4">${text}</text>`).join('\n')}
${curve(
  batches.map(({ loss }) => loss),
  'batch',
)}
${curve(means, 'mean')}
${validations.map(({ step, val }) => `<circle cx="${x(step)}" cy="${right.y(val)}" r="4"/>`).join('')}
${last ? `<text x="${PLOT.right + 6}" y="${right.y(last.val)}" dy="4">validation ${figure(last.val)}</text>` : ''}
</svg>
`;
}

/** From a little below the least value to a little above the largest. */
function axis(shown: readonly number[]) {
  const least = shown.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = shown.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const [low, high] = shown.length > 0 ? [least, most] : [0, 1];
  const room = (high - low || 1) * 0.08;
  const length = high - low + 2 * room;
  return {
    ticks: [low, (low + high) / 2, high],
    y(value: number): string {
      const inside = Math.min(high + room, Math.max(low - room, value));
      return (PLOT.bottom - ((inside - low + room) / length) * (PLOT.bottom - PLOT.top)).toFixed(1);
    },
  };
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
