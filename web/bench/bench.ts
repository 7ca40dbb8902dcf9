/** The benchmark's page: what is asked of the worker, and what becomes of its answers. It measures nothing itself. */
import type { Ceilings } from '../../bench/ceilings.ts';
import type { Group } from '../../bench/options.ts';
import { Report } from '../../bench/report.ts';
import { adapterName } from '../../src/runtime/adapter.ts';
import { byId, saveFile } from '../elements.ts';
import { adapterOrReason } from '../support.ts';
import type { Message, Request, Row } from './messages.ts';
import { ResultTable } from './table.ts';

interface Results {
  facts: Readonly<Record<string, string>>;
  ceilings: Ceilings;
  readonly outcomes: Row[];
}

const form = byId<HTMLFormElement>('options');
const status = byId('status');
const progress = byId<HTMLProgressElement>('progress');
const [start, stop, copy, download] = ['start', 'stop', 'copy', 'download'].map((id) => byId<HTMLButtonElement>(id));
const table = new ResultTable(byId<HTMLTableElement>('results'));

let worker: Worker | undefined;
let results: Results | undefined;

function say(text: string, bad = false): void {
  status.textContent = text;
  status.classList.toggle('bad', bad);
}

function readForm(): Request {
  const data = new FormData(form);
  const extent = data.get('extent');
  return {
    groups: data.getAll('group') as Group[],
    quick: extent === 'quick',
    full: extent === 'full',
    batch: Number(data.get('batch')),
    tune: data.has('tune'),
    filter: String(data.get('filter')).trim(),
  };
}

function begin(): void {
  const request = readForm();
  if (request.groups.length === 0) {
    say('Choose at least one kind of workload.', true);
    return;
  }
  results = undefined;
  table.clear();
  byId('facts').replaceChildren();
  progress.removeAttribute('value');
  worker = new Worker(new URL('./bench_worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Message>) => receive(data);
  worker.onerror = ({ message }) => end(`The worker failed: ${message || 'it could not be loaded'}.`, true);
  worker.postMessage(request);
  say('Opening a device');
  enable();
}

function receive(message: Message): void {
  switch (message.kind) {
    case 'doing':
      say(`${message.what} …`);
      break;
    case 'facts':
      results = { facts: message.facts, ceilings: message.ceilings, outcomes: [] };
      showFacts(message.facts);
      break;
    case 'section':
      table.section(message.title, message.workloads);
      break;
    case 'row':
      results!.outcomes.push(message.row);
      table.fill(message.row, results!.ceilings);
      enable();
      break;
    case 'done':
      if (results?.outcomes.length) end('Done.');
      else end('No workload has all those words.', true);
      break;
    case 'failed':
      end(message.message, true);
  }
}

/** Ends the worker, and with it whatever runs on its device. */
function end(text: string, bad = false): void {
  worker?.terminate();
  worker = undefined;
  table.stop();
  const failures = results?.outcomes.filter(({ failed }) => failed !== undefined).length ?? 0;
  say(failures ? `${text} ${failures} without times.` : text, bad || failures > 0);
  enable();
}

/** Lets buttons be pressed that can do something. */
function enable(): void {
  const running = worker !== undefined;
  const empty = !results?.outcomes.length;
  start!.disabled = running;
  stop!.disabled = !running;
  copy!.disabled = empty;
  download!.disabled = empty;
  progress.classList.toggle('running', running);
}

function showFacts(facts: Results['facts']): void {
  const entries = Object.entries(facts).flatMap(([name, value]) => {
    const [term, detail] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = name;
    detail.textContent = value;
    return [term, detail];
  });
  byId('facts').replaceChildren(...entries);
}

/** The tables as the command line prints them with `--markdown`. */
function markdown({ facts, ceilings, outcomes }: Results): string {
  const lines: string[] = [];
  const report = new Report((line) => lines.push(line), true, ['tfjs'], ceilings);
  report.facts(facts);
  for (const title of new Set(outcomes.map(({ section }) => section))) {
    const rows = outcomes.filter(({ section }) => section === title);
    report.heading(title);
    for (const row of rows) report.outcome(row);
    report.end(rows);
  }
  return `${lines.join('\n')}\n`;
}

async function copyMarkdown(): Promise<void> {
  try {
    await navigator.clipboard.writeText(markdown(results!));
    say('Copied.');
  } catch (cause) {
    say(`Not copied: ${(cause as Error).message}`, true);
  }
}

/** Saves what the command line writes with `--json`. Only that can measure memory. */
function saveJson(): void {
  const text = `${JSON.stringify({ ...results, memory: [] }, null, 2)}\n`;
  saveFile(new Blob([text], { type: 'application/json' }), `koalarize-bench-${results!.facts.date!.slice(0, 10)}.json`);
}

/** Shows the adapter's name, before anything is measured; or why nothing can be. */
async function greet(): Promise<void> {
  const adapter = await adapterOrReason();
  if (typeof adapter === 'string') {
    say(adapter, true);
    return;
  }
  byId('adapter').textContent = adapterName(adapter.info) || 'one that the browser does not name';
  say('Ready.');
  enable();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  begin();
});
stop!.addEventListener('click', () => end('Stopped.'));
copy!.addEventListener('click', copyMarkdown);
download!.addEventListener('click', saveJson);
await greet();
