/** The loss of every step, pale, and its running mean, strong; on a logarithmic scale. */

/** Of the drawing, in its own units. */
const WIDTH = 600;
const HEIGHT = 240;
const MARGIN = { left: 76, right: 8, top: 12, bottom: 26 };
/** More points than this are thinned out: there are no more pixels. */
const MOST_POINTS = 500;
/** What each step counts for in the mean. */
const SHARE = 0.1;

export class LossCurve {
  readonly #svg: SVGSVGElement;
  #losses: number[] = [];
  #means: number[] = [];
  #drawing = false;

  constructor(svg: SVGSVGElement) {
    this.#svg = svg;
  }

  clear(): void {
    this.#losses = [];
    this.#means = [];
    this.#svg.replaceChildren();
  }

  /** The running mean, begun with the first step's loss. */
  get mean(): number {
    return this.#means.at(-1) ?? Number.NaN;
  }

  /** Adds a step; it is drawn with the next frame. */
  add(loss: number): void {
    const mean = this.#losses.length ? (1 - SHARE) * this.mean + SHARE * loss : loss;
    this.#losses.push(loss);
    this.#means.push(mean);
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#losses.length === 0) return;
    // reduce: a spread of many thousand arguments is too much for some engines.
    const low = this.#losses.reduce((a, b) => Math.min(a, b)) / 1.1;
    const high = this.#losses.reduce((a, b) => Math.max(a, b)) * 1.1;
    const last = Math.max(this.#losses.length, 2);
    const x = (step: number) => MARGIN.left + ((step - 1) / (last - 1)) * (WIDTH - MARGIN.left - MARGIN.right);
    const y = (loss: number) =>
      MARGIN.top + (Math.log(high / loss) / Math.log(high / low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    const path = (values: readonly number[]) => {
      const each = Math.ceil(values.length / MOST_POINTS);
      const points = values.flatMap((value, i) =>
        i % each === 0 || i === values.length - 1 ? `${x(i + 1).toFixed(1)},${y(value).toFixed(1)}` : [],
      );
      return element('path', { d: `M${points.join('L')}` });
    };
    const levels = [0, 0.5, 1].map((share) => high * (low / high) ** share);
    const grid = levels.flatMap((level) => [
      element('line', { x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: y(level), y2: y(level) }),
      element('text', { x: MARGIN.left - 6, y: y(level) + 5, 'text-anchor': 'end' }, level.toFixed(4)),
    ]);
    const steps = [
      element('text', { x: MARGIN.left, y: HEIGHT - 4 }, 'step 1'),
      element('text', { x: WIDTH - MARGIN.right, y: HEIGHT - 4, 'text-anchor': 'end' }, String(this.#losses.length)),
    ];
    this.#svg.replaceChildren(...grid, ...steps, path(this.#losses), path(this.#means));
    const [from, to] = [this.#means[0]!, this.mean].map((value) => value.toFixed(4));
    this.#svg.setAttribute('aria-label', `Loss by step: ${from} at first, ${to} after ${this.#losses.length} steps`);
  }
}

function element(name: string, attributes: Record<string, string | number>, text = ''): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made;
}
