/** The page that colors photographs: what its buttons do, and what it says. The work is the worker's. */

import { showAlert } from './alerts.ts';
import { byId, saveFile } from './elements.ts';
import { openFileInput } from './file_input.ts';
import { savedName } from './photographs/file_name.ts';
import { Photographs } from './photographs/index.ts';
import { adapterOrReason } from './support.ts';
import { WeightsChoice } from './weights_choice.ts';
import type { FileType, Message, Request } from './worker/messages.ts';
import { besidePage, startWorker } from './worker/start.ts';

const status = byId('status');
const progress = byId<HTMLProgressElement>('progress');
const strength = byId<HTMLInputElement>('strength');
const type = byId<HTMLSelectElement>('type');
const download = byId<HTMLButtonElement>('download');
const downloadAll = byId<HTMLButtonElement>('download-all');

let worker: Worker | undefined;
/** Why nothing can be colored. */
let unusable: string | undefined;
let device: string | undefined;
let loading = '';
const saving = new Set<number>();

const photographs = new Photographs(ask, refresh);
const extractor = besidePage(BUILT.extractor);
const choice = new WeightsChoice(byId<HTMLSelectElement>('weights'), besidePage(BUILT.weights), (weights) => {
  ask({ kind: 'open', weights, extractor });
  photographs.again();
});

function ask(request: Request): void {
  worker?.postMessage(request);
}

function receive(message: Message): void {
  switch (message.kind) {
    case 'loading':
      showLoading(message.loaded, message.total);
      break;
    case 'ready':
      loading = '';
      device = message.device;
      choice.settle();
      byId('device').textContent = `Device: ${device}.`;
      break;
    case 'unusable':
      loading = '';
      if (message.kept) {
        choice.revert();
        showAlert(message.message);
      } else stopWith(message.message);
      break;
    case 'read':
      photographs.read(message);
      break;
    case 'colored':
      photographs.colored(message);
      break;
    case 'painted':
      photographs.painted(message);
      break;
    case 'saved':
      save(message.id, message.file);
      break;
    case 'failed':
      saving.delete(message.id);
      photographs.failed(message);
      showAlert(message.message);
      break;
    case 'notice':
      showAlert(message.message);
  }
  refresh();
}

function showLoading(loaded: number, total: number): void {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  loading = `Loading ${megabytes(loaded)}${total ? ` of ${megabytes(total)}` : ''} MB …`;
  if (total) progress.value = loaded / total;
  else progress.removeAttribute('value');
}

function save(id: number, file: Blob): void {
  saving.delete(id);
  const photograph = photographs.all.get(id);
  if (photograph) saveFile(file, savedName(photograph.file.name, file.type as FileType));
}

/** Brings everything that is said, and every button, up to date. */
function refresh(): void {
  const { current, all, waiting } = photographs;
  for (const id of saving) if (!all.has(id)) saving.delete(id);
  byId('stage').hidden = !current;
  byId('intake').hidden = current !== undefined;
  if (current) {
    strength.value = String(current.strength);
    byId('facts').textContent = imageInfo(current);
  }
  const label = `${Math.round(Number(strength.value) * 100)} %`;
  byId('strength-value').textContent = label;
  strength.setAttribute('aria-valuetext', label);
  const finished = [...all.values()].filter(({ state }) => state === 'colored').length;
  const free = saving.size === 0;
  strength.disabled = current?.state !== 'colored';
  download.disabled = current?.state !== 'colored' || !free;
  downloadAll.hidden = all.size < 2;
  downloadAll.disabled = finished < 2 || !free;

  const busy = worker !== undefined && (device === undefined || waiting > 0 || saving.size > 0);
  progress.classList.toggle('running', busy);
  if (!loading) {
    if (waiting > 0 && all.size > 1) progress.value = (all.size - waiting) / all.size;
    else progress.removeAttribute('value');
  }
  const text = sentence(all.size, waiting, finished);
  if (status.textContent !== text) status.textContent = text;
  status.classList.toggle('bad', unusable !== undefined);
}

function sentence(count: number, waiting: number, finished: number): string {
  if (unusable) return unusable;
  if (loading) return loading;
  if (!device) return 'Opening the graphics device …';
  if (saving.size > 0) return saving.size > 1 ? `Saving, ${saving.size} to go …` : 'Saving …';
  if (waiting > 0) return count > 1 ? `Coloring ${count - waiting + 1} of ${count} …` : 'Coloring …';
  if (count === 0) return 'Ready.';
  return finished > 1 ? `${finished} photographs colored.` : finished ? 'Colored.' : 'Not colored.';
}

function imageInfo({ file, width, height, ms, networkMs, state }: NonNullable<Photographs['current']>): string {
  if (state === 'waiting') return file.name;
  const size = `${file.name}, ${width} × ${height}`;
  if (state !== 'colored') return size;
  const seconds = (value: number) => `${(value / 1000).toFixed(value < 1000 ? 2 : 1)} s`;
  return `${size}, colored in ${seconds(ms)}, of which the network ${seconds(networkMs)}, on ${device}`;
}

function stopWith(message: string): void {
  unusable = message;
  worker?.terminate();
  worker = undefined;
  for (const id of ['choose', 'example', 'more']) byId<HTMLButtonElement>(id).disabled = true;
  refresh();
}

function take(files: readonly File[]): void {
  if (unusable) return;
  const weights = files.filter(({ name }) => /\.safetensors$/i.test(name));
  const pictures = files.filter((file) => !weights.includes(file));
  if (pictures.length > 0) photographs.add(pictures);
  for (const file of weights.slice(-1)) choice.add(file);
  refresh();
}

function saveAll(ids: readonly number[]): void {
  for (const id of ids) {
    saving.add(id);
    ask({ kind: 'save', id, strength: photographs.all.get(id)!.strength, type: type.value as FileType });
  }
  refresh();
}

let training = false;

/** Loads what only those need who train; where that fails, the next opening tries again (some browsers remember the failure). */
async function openTraining(): Promise<void> {
  if (training || !byId<HTMLDetailsElement>('training').open) return;
  training = true;
  try {
    const { TrainingPanel } = await import('./training/index.ts');
    new TrainingPanel({ weights: besidePage(BUILT.weights), extractor }, (file) => choice.add(file));
  } catch (cause) {
    training = false;
    showAlert(
      `Training could not be loaded: ${(cause as Error).message} – check the connection and open that part again; if that changes nothing, save what is colored and reload the page`,
    );
  }
}

strength.addEventListener('input', () => {
  photographs.setStrength(Number(strength.value));
  refresh();
});
download.addEventListener('click', () => saveAll([photographs.selected!]));
downloadAll.addEventListener('click', () => {
  saveAll([...photographs.all].filter(([, { state }]) => state === 'colored').map(([id]) => id));
});

const adapter = await adapterOrReason();
if (typeof adapter === 'string') {
  stopWith(
    `${adapter} It is in Chrome and Edge from 113 (Android 121; on Linux chrome://flags/#enable-unsafe-webgpu may be needed), Safari from 26, and Firefox from 141 on Windows and 145 on Apple silicon.`,
  );
} else {
  worker = startWorker(BUILT.worker);
  worker.onmessage = ({ data }: MessageEvent<Message>) => receive(data);
  worker.onerror = ({ message }) =>
    stopWith(`The worker failed: ${message || 'it could not be loaded'}. Reload the page.`);
  ask({ kind: 'open', weights: besidePage(BUILT.weights), extractor });
  openFileInput(take, showAlert);
  byId('training').addEventListener('toggle', openTraining);
  refresh();
}
// Without it, the page works as long as there is a connection.
await navigator.serviceWorker?.register('./service_worker.js').catch(() => undefined);
