/** Two pictures of one size, one over the other, and a line between them that mouse, touch and keyboard move. */
import { draw } from '../elements.ts';
import type { Pixels } from '../worker/messages.ts';

/** Small pictures are shown enlarged, at most this much. */
const ENLARGE = 2;

/** The line is a range input over the whole picture, which brings keys, touch and a name for screen readers. */
export class BeforeAfter {
  readonly #root: HTMLElement;
  readonly #before: HTMLCanvasElement;
  readonly #after: HTMLCanvasElement;
  readonly #line: HTMLInputElement;

  /** @param root holds two canvases and a range input from 0 to 100 */
  constructor(root: HTMLElement) {
    this.#root = root;
    [this.#before, this.#after] = root.querySelectorAll('canvas') as unknown as [HTMLCanvasElement, HTMLCanvasElement];
    this.#line = root.querySelector('input')!;
    this.#line.addEventListener('input', () => this.#move());
    this.#move();
  }

  /** Shows another photograph, without colors until `color` is called. */
  show(before: Pixels): void {
    const { width, height } = before;
    draw(this.#before, before);
    this.#root.style.setProperty('--ratio', String(width / height));
    this.#root.style.setProperty('--widest', `${width * ENLARGE}px`);
    this.#root.classList.add('waiting');
  }

  /** Draws the colored picture. */
  color(after: Pixels): void {
    draw(this.#after, after);
    this.#root.classList.remove('waiting');
  }

  #move(): void {
    this.#root.style.setProperty('--at', `${this.#line.value}%`);
    this.#line.setAttribute('aria-valuetext', `${Math.round(Number(this.#line.value))} % original, the rest colored`);
  }
}
