/** A comparison to look at: a row for each photograph, as one picture or as a page. */
import type { BytePicture } from '../../evaluation/metrics/pair.ts';
import { writeImage } from '../../image/node.ts';
import { contactSheet } from '../../image/raster/sheet.ts';
import { writeWhole } from '../../runtime/node/whole_file.ts';
import { PAGE_EXTENSIONS } from '../shared/options.ts';
import { escapeHtml, pageHtml, rowsHtml, squareHtml } from '../shared/reports/page.ts';
import { metricsHtml, REPORT_STYLE } from '../shared/reports/table.ts';
import { besideLines, type CompareReport, columnsOf, type Name, protocolRows } from './report.ts';

/** A photograph and what was made of it. */
export interface Row {
  readonly path: string;
  readonly sha256: string;
  readonly grey: BytePicture;
  /** In the order of those compared. */
  readonly answers: readonly BytePicture[];
  /** Absent for a grey photograph. */
  readonly truth?: BytePicture;
}

/** Pixels a side of a picture's cells. */
const CELL = { width: 192, height: 192 };

/** Writes the sheet, in the format of the path's ending. @throws FormatError */
export async function writeComparison(path: string, report: CompareReport, rows: readonly Row[]): Promise<void> {
  if (PAGE_EXTENSIONS.some((ending) => path.toLowerCase().endsWith(ending))) {
    return writeWhole(path, await comparisonPage(report, rows));
  }
  const labels = [
    'grey',
    ...report.compared.map(({ label }) => label),
    ...(rows.some(({ truth }) => truth) ? ['truth'] : []),
  ];
  const cells = rows.map(({ grey, answers, truth }) => [grey, ...answers, ...(truth ? [truth] : [])]);
  await writeImage(path, contactSheet(cells, { cell: CELL, labels }));
}

async function comparisonPage(report: CompareReport, rows: readonly Row[]): Promise<string> {
  const { compared, protocol } = report;
  const figures: string[] = [];
  for (const row of rows) figures.push(await figureHtml(report, row));
  const count = protocol.pictures;
  const measured = count
    ? `<p>${count} pictures with true colors. Every figure is a mean over them, with its 95 % interval.</p>
${metricsHtml(columnsOf(report))}
${besideLines(report)
  .map((line) => `<p>${escapeHtml(line)}.</p>`)
  .join('\n')}`
    : '<p>None of these pictures has true colors, so nothing is measured.</p>';
  const body = `<h1>Colors side by side</h1>
${measured}
<h2>The pictures</h2>
<p>${rows.length === 1 ? 'One picture' : `${rows.length} pictures`}, the first by SHA-256: none is picked for its looks.</p>
<div class="rows">
${figures.join('\n')}
</div>
<h2>How it was done</h2>
${rowsHtml(protocolRows(report))}
${
  protocol.disagreeing.length
    ? `<details><summary>${protocol.disagreeing.length} pictures left out that do not agree</summary><ul>\n${protocol.disagreeing.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}\n</ul></details>`
    : ''
}`;
  const style = `${REPORT_STYLE}${STYLE}.row { --columns: ${compared.length + 2}; }\n`;
  return pageHtml({ title: 'koalarize compare', style, body });
}

async function figureHtml({ compared, pictures }: CompareReport, row: Row): Promise<string> {
  const scores = pictures.find(({ sha256 }) => sha256 === row.sha256);
  const error = (name: Name) => (scores ? ` <small>ΔE00 ${scores[name]!.deltaE00.toFixed(1)}</small>` : '');
  const cells = [
    { label: 'grey', note: error('grey'), square: row.grey },
    ...row.answers.map((square, i) => ({ label: compared[i]!.label, note: error(`${i}`), square })),
    ...(row.truth ? [{ label: 'truth', note: '', square: row.truth }] : []),
  ];
  const html: string[] = [];
  for (const { label, note, square } of cells) {
    html.push(`<span>${await squareHtml(label, square)}${escapeHtml(label)}${note}</span>`);
  }
  return `<figure><figcaption><b>${escapeHtml(row.path)}</b></figcaption><div class="row">${html.join('')}</div></figure>`;
}

const STYLE = `
body { max-width: 100rem; }
.rows { display: grid; gap: 1.5rem; }
figure .row { gap: .5rem 4px; grid-template-columns: repeat(var(--columns), minmax(0, 16rem)); }
.row span { font-size: .85rem; overflow-wrap: anywhere; }
.row small { font-size: inherit; }
@media (max-width: 60rem) { figure .row { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); } }
`;
