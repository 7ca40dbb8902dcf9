/** An evaluation as a page: one file, with its pictures inside, that needs no network. */

import type { BytePicture } from '../../evaluation/metrics/pair.ts';
import { escapeHtml, pageHtml, rowsHtml, squareHtml } from '../shared/reports/page.ts';
import type { PictureReport, Report } from '../shared/reports/report.ts';
import { metricsHtml, REPORT_STYLE } from '../shared/reports/table.ts';
import { besideOf, columnsOf, protocolRows } from '../shared/reports/text.ts';

/** Most pictures in each of the page's three groups. */
const GROUP = 6;

/** A picture and what is shown of it. */
export interface Shown {
  readonly picture: PictureReport;
  readonly grey: BytePicture;
  readonly ours: BytePicture;
  readonly truth: BytePicture;
}

export interface Groups<T> {
  readonly best: readonly T[];
  readonly median: readonly T[];
  readonly worst: readonly T[];
}

/** The share of the color's error that is left: ΔE00 over that of the grey picture. 0 is the truth, 1 no better than grey. */
export function errorLeft({ ours, grey }: PictureReport): number {
  return ours.deltaE00 / grey.deltaE00;
}

/** Chooses pictures by `errorLeft`: best first, worst first, and those in the middle. None is in two groups. */
export function groupsOf(pictures: readonly PictureReport[]): Groups<PictureReport> {
  const sorted = [...pictures].sort((one, other) => errorLeft(one) - errorLeft(other));
  const count = Math.min(GROUP, Math.max(1, Math.floor(sorted.length / 3)));
  const best = sorted.splice(0, count);
  const worst = sorted.splice(Math.max(0, sorted.length - count)).reverse();
  const middle = Math.max(0, (sorted.length - count) >> 1);
  return { best, median: sorted.slice(middle, middle + count), worst };
}

/** Makes the page. */
export async function pageOf(report: Report, groups: Groups<Shown>): Promise<string> {
  const group = async (title: string, shown: readonly Shown[]) => {
    if (shown.length === 0) return '';
    const figures: string[] = [];
    for (const one of shown) figures.push(await figure(one));
    return `<h2>${title}</h2>\n<div class="figures">\n${figures.join('\n')}\n</div>`;
  };
  const left = report.leftOut.map(
    ({ path, reason }) => `<li>${escapeHtml(reason.includes(path) ? reason : `${path}: ${reason}`)}</li>`,
  );
  const body = `<h1>Colors given, beside the true ones</h1>
<p>${report.protocol.pictures} pictures. Every figure is a mean over them, with its 95 % interval.</p>
${metricsHtml(columnsOf(report))}
${besideOf(report)
  .map((line) => `<p>${escapeHtml(line)}.</p>`)
  .join('\n')}
<h2>How it was done</h2>
${rowsHtml(protocolRows(report.protocol))}
${left.length ? `<details><summary>${left.length} files left out</summary><ul>\n${left.join('\n')}\n</ul></details>` : ''}
<p>The pictures below are chosen by the error that is left: mean ΔE00 over that of the grey picture. 0 would be the truth;
above 1, grey would have been closer. Each is shown as grey, ours, truth.</p>
${await group('Best', groups.best)}
${await group('Median', groups.median)}
${await group('Worst', groups.worst)}`;
  return pageHtml({ title: `koalarize eval: ${report.protocol.folder}`, style: REPORT_STYLE, body });
}

async function figure({ picture, grey, ours, truth }: Shown): Promise<string> {
  const images: string[] = [];
  for (const [name, square] of Object.entries({ grey, ours, truth })) {
    images.push(`<span>${await squareHtml(name, square)}<small>${name}</small></span>`);
  }
  const { ours: score, grey: none, truth: real } = picture;
  const figures = [
    `error left ${errorLeft(picture).toFixed(2)}`,
    `ΔE00 ${score.deltaE00.toFixed(1)}, grey ${none.deltaE00.toFixed(1)}`,
    `PSNR ${score.psnr.toFixed(1)} dB, grey ${none.psnr.toFixed(1)}`,
    `chroma ${score.chroma.toFixed(1)} of ${real.chroma.toFixed(1)}`,
  ];
  const spans = figures.map((text) => `<span>${escapeHtml(text)}</span>`).join(' ');
  return `<figure><div>${images.join('')}</div><figcaption><b>${escapeHtml(picture.path)}</b> ${spans}</figcaption></figure>`;
}
