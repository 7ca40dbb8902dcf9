/** Files of an evaluation: squares, the contact sheet, the report. */
import { dirname, join, relative } from 'node:path';
import type { BytePicture } from '../../evaluation/metrics/pair.ts';
import { writeImage } from '../../image/node.ts';
import { contactSheet } from '../../image/raster/sheet.ts';
import { makeFolder } from '../../runtime/node/whole_file.ts';
import type { Shown } from '../eval/html.ts';
import { expectApart, type Originals } from '../paths/identity.ts';
import type { PictureFile } from './scan.ts';

/** Pixels a side of a contact sheet's cells. */
const CELL = { width: 192, height: 192 };
/** Pictures in a row of it, three squares each. */
const IN_A_ROW = 2;

/** Files, and a folder. */
type Paths = { readonly [K in 'sheet' | 'html' | 'output']?: string | undefined };

/** Makes the folders that will be written into: better now than after an hour. @throws FormatError */
export async function makeFolders({ sheet, html, output }: Paths): Promise<void> {
  for (const path of [sheet, html]) if (path !== undefined) await makeFolder(dirname(path));
  if (output !== undefined) await makeFolder(output);
}

/** Writes a picture's squares as `ours/NAME.png` and `truth/NAME.png`, in the folders it had. @throws FormatError */
export async function writeSquares(
  output: string,
  folder: string,
  { path }: PictureFile,
  squares: { readonly ours: BytePicture; readonly truth: BytePicture },
  originals: Originals,
): Promise<void> {
  for (const [name, square] of Object.entries(squares)) {
    // a.jpg and a.png may both be there.
    const to = join(output, name, `${relative(folder, path)}.png`);
    await expectApart(originals, { '--output': to });
    await makeFolder(dirname(to));
    await writeImage(to, square);
  }
}

/** Writes a contact sheet: grey, ours, truth, two pictures a row. @throws FormatError */
export async function writeSheet(path: string, shown: readonly Shown[]): Promise<void> {
  const rows: BytePicture[][] = [];
  for (let i = 0; i < shown.length; i += IN_A_ROW) {
    rows.push(shown.slice(i, i + IN_A_ROW).flatMap(({ grey, ours, truth }) => [grey, ours, truth]));
  }
  await writeImage(path, contactSheet(rows, { cell: CELL }));
}
