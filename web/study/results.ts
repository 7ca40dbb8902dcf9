/** Results of a sitting: rates with their intervals, and the pictures with what they are. */
import type { Answer, Deck, Sitting } from '../../src/evaluation/answers.ts';
import { intervalText, isRight, percent, ratesOf } from '../../src/evaluation/rates.ts';
import { element } from './dom.ts';
import { urlOf } from './quiz.ts';

/** The headline: what everybody wants to know first. */
export function headline({ answers }: Sitting): string {
  const { count, of } = ratesOf(answers).ours;
  if (of === 0) return 'None of the colored pictures was judged';
  return `${count} of ${of} colored pictures passed for real`;
}

/** The table of rates, of one sitting or of several together. */
export function rateTable(answers: readonly Answer[], caption: string): HTMLElement {
  const { ours, real, right } = ratesOf(answers);
  const rows = [
    ['Colored ones taken for real', ours],
    ['Real ones taken for real', real],
    ['Judged rightly', right],
  ] as const;
  const cell = (text: string) => element('td', { text });
  return element('table', {}, [
    element('caption', { text: caption }),
    element('thead', {}, [
      element('tr', {}, [
        element('td', {}),
        ...['pictures', 'rate', '95 % interval'].map((text) => {
          const head = element('th', { text });
          head.scope = 'col';
          return head;
        }),
      ]),
    ]),
    element(
      'tbody',
      {},
      rows.map(([label, { count, of, value, low, high }]) => {
        const head = element('th', { text: label });
        head.scope = 'row';
        const interval = low === null ? '–' : `${intervalText(low, high)} %`;
        return element('tr', {}, [head, cell(`${count} of ${of}`), cell(percent(value)), cell(interval)]);
      }),
    ),
  ]);
}

/** Each picture that was judged: as it was seen, what it is, what was said, and the other way beside it. */
export function gallery(deck: Deck, { answers }: Sitting): HTMLElement[] {
  const places = new Map(deck.study.pictures.map(({ sha256 }, i) => [sha256, i]));
  return answers.map((answer) => {
    const place = places.get(answer.picture)!;
    const { shown, verdict } = answer;
    const [seen, other] = (['seen', 'other'] as const).map((which) => {
      const kind = which === 'seen' ? shown : shown === 'ours' ? 'real' : 'ours';
      const image = element('img', {});
      image.src = urlOf(deck, place, kind);
      image.alt = `${which === 'seen' ? 'As you saw it' : 'The other way'}: ${kind === 'ours' ? 'colored' : 'the real one'}`;
      image.width = image.height = deck.study.size;
      return element('span', { className: which }, [
        image,
        element('small', { text: kind === 'ours' ? 'colored' : 'real' }),
      ]);
    });
    const right = isRight(answer);
    const said = `You said ${verdict}: ${right ? 'right' : 'wrong'}`;
    return element('figure', { className: right ? 'right' : 'wrong' }, [
      element('div', {}, [seen!, other!]),
      element('figcaption', {}, [
        element('b', { text: said }),
        element('span', { text: deck.study.pictures[place]!.name }),
      ]),
    ]);
  });
}
