/** Contact sheets: rows of small pictures side by side, such as grey | output | truth, with a label above each column. */
import { ShapeError } from '../../runtime/errors.ts';
import { fitText, isInk, LETTER } from './font.ts';
import type { Picture } from './picture.ts';
import { resizePicture, type Size } from './resize.ts';

export interface ContactSheetOptions {
  /** Size of every cell, pixels; pictures are fitted into it whole, centered. Default 256 x 256. */
  readonly cell?: Size;
  /** Pixels between cells and around the sheet. Default 4. */
  readonly gap?: number;
  /** Grey code, 0..255, of the gaps and bars. Default 255. */
  readonly background?: number;
  /** What stands above each column; shortened to its width. Default nothing. */
  readonly labels?: readonly string[];
}

/** Pixels of the sheet for each of a letter's. */
const LABEL_SCALE = 2;

/**
 * Lays pictures out in a grid, all cells of one size. Rows may differ in length.
 *
 * @param rows - RGBA pictures of any sizes and depths
 * @returns an opaque 8-bit RGBA picture
 * @throws ShapeError when there is no picture
 */
export function contactSheet(
  rows: readonly (readonly Picture[])[],
  options: ContactSheetOptions = {},
): Picture<Uint8ClampedArray<ArrayBuffer>> {
  const { cell = { width: 256, height: 256 }, gap = 4, background = 255, labels = [] } = options;
  const columns = Math.max(0, ...rows.map((row) => row.length));
  if (columns === 0)
    throw new ShapeError({ where: 'contactSheet', expected: 'at least one picture', got: 'none', hint: 'add a row' });
  const width = columns * (cell.width + gap) + gap;
  const head = labels.length ? LETTER.height * LABEL_SCALE + 2 * LABEL_SCALE : 0;
  const height = head + rows.length * (cell.height + gap) + gap;
  const data = new Uint8ClampedArray(width * height * 4).fill(background);
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  const ink = background < 128 ? 255 : 0;
  labels.forEach((label, c) => {
    const text = fitText(label, cell.width, LABEL_SCALE);
    drawText({ data, width, height }, text, { left: gap + c * (cell.width + gap), top: gap, ink });
  });
  rows.forEach((row, r) => {
    row.forEach((picture, c) => {
      const small = resizePicture(picture, fitInside(picture, cell));
      const left = gap + c * (cell.width + gap) + ((cell.width - small.width) >> 1);
      const top = head + gap + r * (cell.height + gap) + ((cell.height - small.height) >> 1);
      for (let y = 0; y < small.height; y++) {
        const line = small.data.subarray(y * small.width * 4, (y + 1) * small.width * 4);
        data.set(line, ((top + y) * width + left) * 4);
      }
    });
  });
  return { data, width, height };
}

/** Writes a line of text, each of its pixels a square of `LABEL_SCALE`. What lies outside the picture is left out. */
function drawText(
  { data, width, height }: Picture,
  text: string,
  { left, top, ink }: { left: number; top: number; ink: number },
): void {
  [...text].forEach((letter, i) => {
    for (let y = 0; y < LETTER.height * LABEL_SCALE; y++) {
      for (let x = 0; x < LETTER.width * LABEL_SCALE; x++) {
        if (!isInk(letter, Math.floor(x / LABEL_SCALE), Math.floor(y / LABEL_SCALE))) continue;
        const at = { x: left + i * (LETTER.width + 1) * LABEL_SCALE + x, y: top + y };
        if (at.x < width && at.y < height) data.fill(ink, (at.y * width + at.x) * 4, (at.y * width + at.x) * 4 + 3);
      }
    }
  });
}

/** The largest size of the same aspect ratio inside a cell; at least one pixel. */
function fitInside({ width, height }: Size, cell: Size): Size {
  const scale = Math.min(cell.width / width, cell.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
