/** The row of photographs: a button with a small picture for each, and one beside it that takes it away. */
import { draw } from '../elements.ts';
import type { Pixels } from '../worker/messages.ts';

interface Item {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
  readonly name: string;
}

export class Filmstrip {
  readonly #list: HTMLElement;
  readonly #items = new Map<number, Item>();
  readonly #select: (id: number) => void;
  readonly #remove: (id: number) => void;

  /** @param select, remove are called when a photograph is clicked, or its cross */
  constructor(list: HTMLElement, select: (id: number) => void, remove: (id: number) => void) {
    this.#list = list;
    this.#select = select;
    this.#remove = remove;
  }

  add(id: number, name: string): void {
    const element = document.createElement('li');
    const canvas = document.createElement('canvas');
    const button = buttonOf('', () => this.#select(id));
    button.title = name;
    button.append(canvas);
    const cross = buttonOf('×', () => this.#remove(id));
    cross.className = 'cross';
    cross.setAttribute('aria-label', `Take away ${name}`);
    element.append(button, cross);
    this.#list.append(element);
    this.#items.set(id, { element, button, canvas, name });
    this.say(id, 'waiting');
  }

  remove(id: number): void {
    this.#items.get(id)?.element.remove();
    this.#items.delete(id);
  }

  draw(id: number, thumbnail: Pixels): void {
    const item = this.#items.get(id);
    if (item) draw(item.canvas, thumbnail);
  }

  /** What becomes of it: `waiting`, `colored` … */
  say(id: number, state: string): void {
    const item = this.#items.get(id);
    item?.button.setAttribute('aria-label', `${item.name}, ${state}`);
    if (item) item.element.dataset.state = state;
  }

  /** Marks the photograph that is shown large. */
  mark(id: number | undefined): void {
    for (const [each, { button }] of this.#items) button.setAttribute('aria-pressed', String(each === id));
  }
}

function buttonOf(text: string, press: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = text;
  button.addEventListener('click', press);
  return button;
}
