/** A study's outcome in words and columns. */

import { intervalText, percent, type Rate, rateText } from '../../evaluation/rates.ts';
import { labelTable, table } from '../../util/table.ts';
import type { KindRate, StudyReport } from './merge.ts';

/** What --merge prints. */
export function reportText(report: StudyReport): string {
  const { study, people, sittings, unfinished, repeated, answers, medianMs, takenForReal, right } = report;
  const seconds = study.seconds === null ? 'seen as long as one likes' : `covered after ${study.seconds} s`;
  const time = medianMs === null ? '' : `, half of them within ${(medianMs / 1000).toFixed(1)} s`;
  const head = labelTable([
    [
      'study',
      `${study.id}: ${study.pictures.length} pictures, ${study.size} px, ${seconds}${study.both ? ', both ways' : ''}`,
    ],
    [
      'weights',
      `SHA-256 ${study.weights}, strength ${study.strength}, render size ${study.renderSize}, smoothing ${study.smoothing ?? 'not told'}`,
    ],
    ['people', `${people}, in ${sittings} sittings (${unfinished} unfinished, ${repeated} repeated and counted once)`],
    ['answers', `${answers}${time}`],
    ['intervals', report.intervals],
  ]);
  const rows = [
    ['', 'answers', 'rate', 'Wilson', 'people', 'people and pictures'],
    ['ours, taken for real', ...kindCells(takenForReal.ours)],
    ['real, taken for real', ...kindCells(takenForReal.real)],
    ['judged rightly', ...rateCells(right), '', ''],
  ];
  const note =
    'Guessing judges half rightly. The paper has 45.87 % of its colored pictures taken for real, by 41 people, of nine chosen\namong its best; here none is chosen by its looks.';
  const pictures = [
    ['picture', 'ours taken for real', 'real taken for real'],
    ...report.byPicture.map(({ name, ours, real }) => [name, rateText(ours), rateText(real)]),
  ];
  const persons = [
    ['person', 'ours taken for real', 'real taken for real', 'judged rightly'],
    ...report.byPerson.map(({ person, ours, real, right: its }) => [person, ...[ours, real, its].map(rateText)]),
  ];
  const tables = [rows, pictures, persons].map((each) => table(each, [], 2));
  return [head, tables[0], `${note}\n`, tables[1], tables[2]].join('\n');
}

function kindCells({ overPeople, overPeopleAndPictures, ...rate }: KindRate): string[] {
  const both = [overPeople, overPeopleAndPictures].map((found) =>
    intervalText(found?.low ?? null, found?.high ?? null),
  );
  return [...rateCells(rate), ...both];
}

function rateCells({ count, of, value, low, high }: Rate): string[] {
  return [`${count} of ${of}`, percent(value), intervalText(low, high)];
}
