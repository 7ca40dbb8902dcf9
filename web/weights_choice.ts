/** The weights that are colored with: the page's, files that were dropped, and what was trained here. */

export class WeightsChoice {
  readonly #select: HTMLSelectElement;
  readonly #sources: (string | File)[];
  readonly #use: (weights: string | File) => void;
  /** The last that worked. */
  #good = 0;

  /** @param use is called when other weights are chosen */
  constructor(select: HTMLSelectElement, own: string, use: (weights: string | File) => void) {
    this.#select = select;
    this.#sources = [own];
    this.#use = use;
    select.addEventListener('change', () => use(this.#sources[select.selectedIndex]!));
  }

  /** Adds weights where they are new, and chooses them. */
  add(file: File): void {
    let index = this.#sources.indexOf(file);
    if (index < 0) {
      index = this.#sources.push(file) - 1;
      this.#select.append(new Option(file.name, String(index)));
    }
    this.#select.selectedIndex = index;
    this.#use(file);
  }

  /** What is chosen works. */
  settle(): void {
    this.#good = this.#select.selectedIndex;
  }

  /** What is chosen doesn't work: goes back to the last that did. The worker still has that. */
  revert(): void {
    this.#select.selectedIndex = this.#good;
  }
}
