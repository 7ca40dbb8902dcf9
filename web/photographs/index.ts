/** The photographs on the page: what is known of each, which one is shown, and what is asked of the worker for them. */

import { byId } from '../elements.ts';
import type { Message, Request } from '../worker/messages.ts';
import { BeforeAfter } from './before_after.ts';
import { Filmstrip } from './filmstrip.ts';

export interface Photograph {
  readonly file: File;
  state: 'waiting' | 'read' | 'colored' | 'failed';
  strength: number;
  width: number;
  height: number;
  /** From the file to the colors; and of that, the network. */
  ms: number;
  networkMs: number;
}

type Reply<K extends Message['kind']> = Extract<Message, { kind: K }>;

export class Photographs {
  readonly all = new Map<number, Photograph>();
  selected: number | undefined;
  readonly #ask: (request: Request) => void;
  readonly #changed: () => void;
  readonly #view = new BeforeAfter(byId('compare'));
  readonly #filmstrip: Filmstrip;
  #next = 1;
  /** One drawing is under way at most; what is wanted meanwhile is drawn after it. */
  #painting = false;
  #wanted: 'nothing' | 'colors' | 'both' = 'nothing';

  /**
   * @param ask speaks to the worker
   * @param changed is called after every change
   */
  constructor(ask: (request: Request) => void, changed: () => void) {
    this.#ask = ask;
    this.#changed = changed;
    this.#filmstrip = new Filmstrip(
      byId('strip'),
      (id) => this.select(id),
      (id) => this.remove(id),
    );
  }

  /** The one that is shown. */
  get current(): Photograph | undefined {
    return this.selected === undefined ? undefined : this.all.get(this.selected);
  }

  /** The number that are not done yet. */
  get waiting(): number {
    return [...this.all.values()].filter(({ state }) => state === 'waiting' || state === 'read').length;
  }

  add(files: readonly File[]): void {
    const first = this.#next;
    for (const file of files) {
      const id = this.#next++;
      this.all.set(id, { file, state: 'waiting', strength: 1, width: 0, height: 0, ms: 0, networkMs: 0 });
      this.#filmstrip.add(id, file.name);
      this.#ask({ kind: 'color', id, file, name: file.name });
    }
    this.select(first);
  }

  /** Colors all of them again: there are other weights. */
  again(): void {
    for (const [id, photograph] of this.all) {
      photograph.state = 'waiting';
      this.#filmstrip.say(id, 'waiting');
      this.#ask({ kind: 'color', id, file: photograph.file, name: photograph.file.name });
    }
    this.#changed();
  }

  select(id: number | undefined): void {
    this.selected = id;
    this.#filmstrip.mark(id);
    this.#paint('both');
    this.#changed();
  }

  remove(id: number): void {
    const ids = [...this.all.keys()];
    const place = ids.indexOf(id);
    this.all.delete(id);
    this.#filmstrip.remove(id);
    this.#ask({ kind: 'forget', id });
    if (id === this.selected) this.select(ids[place + 1] ?? ids[place - 1]);
    else this.#changed();
  }

  /** Sets the strength of the one that is shown. */
  setStrength(strength: number): void {
    if (!this.current) return;
    this.current.strength = strength;
    this.#paint('colors');
  }

  read({ id, width, height, thumbnail }: Reply<'read'>): void {
    this.#update(id, 'read', { width, height });
    this.#filmstrip.draw(id, thumbnail);
    if (id === this.selected) this.#paint('both');
  }

  colored({ id, thumbnail, ms, networkMs }: Reply<'colored'>): void {
    this.#update(id, 'colored', { ms, networkMs });
    this.#filmstrip.draw(id, thumbnail);
    if (id === this.selected) this.#paint('colors');
  }

  painted({ id, before, after }: Reply<'painted'>): void {
    this.#painting = false;
    if (id === this.selected) {
      if (before) this.#view.show(before);
      if (after) this.#view.color(after);
    }
    const wanted = this.#wanted;
    this.#wanted = 'nothing';
    if (wanted !== 'nothing') this.#paint(wanted);
  }

  /** Takes it away when there is nothing of it to show. */
  failed({ id, gone }: Reply<'failed'>): void {
    if (gone) this.remove(id);
    else if (this.all.get(id)?.state === 'read') this.#update(id, 'failed', {});
  }

  #update(id: number, state: Photograph['state'], known: Partial<Photograph>): void {
    const photograph = this.all.get(id);
    if (!photograph) return;
    Object.assign(photograph, known, { state });
    this.#filmstrip.say(id, state);
    this.#changed();
  }

  #paint(what: 'colors' | 'both'): void {
    const { current, selected } = this;
    if (!current || current.state === 'waiting') return;
    if (this.#painting) {
      this.#wanted = what === 'both' || this.#wanted === 'both' ? 'both' : 'colors';
      return;
    }
    this.#painting = true;
    this.#ask({ kind: 'paint', id: selected!, strength: current.strength, before: what === 'both' });
  }
}
