/** The page of a blind test: a start, one picture after the other, and what came of it. Nothing leaves the page. */
import { type Deck, FORMAT, type Saved, type Sitting, VERSION, type Verdict } from '../../src/evaluation/answers.ts';
import { byId } from '../elements.ts';
import { Quiz } from './quiz.ts';
import { gallery, headline, rateTable } from './results.ts';

const deck = JSON.parse(byId('deck').textContent!) as Deck;
const { study } = deck;
const picture = byId<HTMLImageElement>('picture');
const SCREENS = ['start', 'ask', 'results'] as const;

/** Sittings that are over, or stopped: several people may use one page. */
const sittings = new Map<string, Sitting>();
let quiz: Quiz | undefined;
/** When the picture was seen; undefined while none is. */
let seenAt: number | undefined;
let cover = 0;
let unsaved = false;

function show(screen: (typeof SCREENS)[number]): void {
  for (const id of SCREENS) byId(id).hidden = id !== screen;
  document.body.dataset.screen = screen;
  scrollTo(0, 0);
}

async function next(): Promise<void> {
  const asked = quiz;
  const url = asked?.url();
  if (!asked || !url) return finish();
  clearTimeout(cover);
  seenAt = undefined;
  const frame = byId('frame');
  frame.dataset.state = 'waiting';
  const number = asked.done + 1;
  byId('progress').textContent = `Picture ${number} of ${asked.planned}`;
  const bar = byId<HTMLProgressElement>('bar');
  bar.max = asked.planned;
  bar.value = asked.done;
  // A second look would undo the limit.
  byId<HTMLButtonElement>('back').disabled = asked.done === 0 || study.seconds !== null;
  picture.alt = `Picture ${number}`;
  picture.src = url;
  await picture.decode();
  if (quiz !== asked || asked.url() !== url) return;
  frame.dataset.state = 'shown';
  seenAt = performance.now();
  if (study.seconds !== null) {
    cover = window.setTimeout(() => {
      frame.dataset.state = 'covered';
      picture.removeAttribute('src');
    }, study.seconds * 1000);
  }
  const ahead = asked.url(1);
  if (ahead) new Image().src = ahead;
}

function answer(verdict: Verdict): void {
  if (!quiz || seenAt === undefined || byId('ask').hidden) return;
  quiz.answer(verdict, performance.now() - seenAt);
  unsaved = true;
  void next();
}

function back(): void {
  if (!quiz || byId<HTMLButtonElement>('back').disabled) return;
  quiz.back();
  void next();
}

function finish(): void {
  if (!quiz) return;
  clearTimeout(cover);
  seenAt = undefined;
  const { sitting, isFinished } = quiz;
  if (sitting.answers.length) sittings.set(sitting.id, sitting);
  byId('headline').textContent = headline(sitting);
  const all = [...sittings.values()].flatMap(({ answers }) => answers);
  const tables = [rateTable(sitting.answers, isFinished ? 'This sitting' : 'This sitting so far')];
  if (sittings.size > 1) tables.push(rateTable(all, `All ${sittings.size} sittings on this page`));
  byId('rates').replaceChildren(...tables);
  byId('gallery').replaceChildren(...gallery(deck, sitting));
  byId('judged').hidden = sitting.answers.length === 0;
  byId<HTMLButtonElement>('save').disabled = sittings.size === 0;
  byId('resume').hidden = isFinished;
  byId('saved').textContent = '';
  show('results');
  byId('headline').focus();
}

function save(): void {
  const saved: Saved = { format: FORMAT, version: VERSION, study, sittings: [...sittings.values()] };
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(saved, null, 1)}\n`], { type: 'application/json' }));
  const last = saved.sittings.at(-1)!;
  link.download = `koalarize-study-${study.id.slice(0, 6)}-${last.id.slice(0, 6)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  unsaved = false;
  byId('saved').textContent = `Handed to your browser as ${link.download}. Send it to whoever asked you.`;
}

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  quiz = new Quiz(deck, byId<HTMLInputElement>('person').value.trim());
  show('ask');
  byId('question').focus();
  void next();
});
byId('fake').addEventListener('click', () => answer('fake'));
byId('real').addEventListener('click', () => answer('real'));
byId('back').addEventListener('click', back);
byId('stop').addEventListener('click', finish);
byId('save').addEventListener('click', save);
byId('resume').addEventListener('click', () => {
  show('ask');
  byId('question').focus();
  void next();
});
byId('again').addEventListener('click', () => {
  quiz = undefined;
  byId<HTMLInputElement>('person').value = '';
  show('start');
  byId('person').focus();
});

const KEYS: Readonly<Record<string, () => void>> = {
  f: () => answer('fake'),
  ArrowLeft: () => answer('fake'),
  r: () => answer('real'),
  ArrowRight: () => answer('real'),
  b: back,
  Backspace: back,
  Escape: finish,
};
document.addEventListener('keydown', (event) => {
  if (byId('ask').hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  // A key that is held down is one answer.
  if (!event.repeat) action();
});
addEventListener('beforeunload', (event) => {
  if (unsaved) event.preventDefault();
});

byId('form').hidden = false;
show('start');
