/** The part of the page that trains: its form, the curve, the sheet, and what becomes of the weights. */
import { draw, find, saveFile } from './elements.ts';
import { withPlainName } from './file_name.ts';
import { LossCurve } from './loss_curve.ts';
import type { OwnFiles, TrainingMessage, TrainingRequest, TrainingSetup } from './training_messages.ts';
import { startWorker } from './worker_start.ts';

const form = find<HTMLFormElement>('training-form');
const input = find<HTMLInputElement>('training-files');
const status = find('training-status');
const start = find<HTMLButtonElement>('training-start');
const stop = find<HTMLButtonElement>('training-stop');
const progress = find<HTMLProgressElement>('training-progress');

export class TrainingPanel {
  readonly #own: OwnFiles;
  readonly #curve = new LossCurve(find('curve') as unknown as SVGSVGElement);
  #files: readonly File[] = [];
  #worker: Worker | undefined;
  #result: File | undefined;
  #steps = 0;
  #begin = '';
  #left: string[] = [];

  /** @param use gets weights that are to be colored with */
  constructor(own: OwnFiles, use: (weights: File) => void) {
    this.#own = own;
    find('training-choose').addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      this.#files = Array.from(input.files ?? [], withPlainName);
      find('training-chosen').textContent = `${this.#files.length} chosen`;
      this.#enable();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#train();
    });
    stop.addEventListener('click', () => {
      this.#ask({ kind: 'stop' });
      this.#say('Stopping after this step …');
    });
    find('training-use').addEventListener('click', () => use(this.#result!));
    find('training-save').addEventListener('click', () => saveFile(this.#result!, this.#result!.name));
    find<HTMLButtonElement>('training-choose').disabled = false;
  }

  #train(): void {
    const data = new FormData(form);
    const setup: TrainingSetup = {
      files: this.#files,
      from: data.get('from') === 'page' ? 'page' : 'nothing',
      own: this.#own,
      size: Number(data.get('size')),
      steps: Number(data.get('steps')),
    };
    this.#steps = setup.steps;
    this.#left = [];
    this.#curve.clear();
    find('training-view').hidden = true;
    find('training-done').hidden = true;
    this.#worker = startWorker(BUILT.trainingWorker);
    this.#worker.onmessage = ({ data }: MessageEvent<TrainingMessage>) => this.#receive(data);
    this.#worker.onerror = ({ message }) =>
      this.#end(`The worker failed: ${message || 'it could not be loaded'}.`, true);
    this.#ask({ kind: 'start', setup });
    this.#say('Starting …');
    progress.removeAttribute('value');
    this.#enable();
  }

  #receive(message: TrainingMessage): void {
    switch (message.kind) {
      case 'doing':
        this.#say(`${message.what} …`);
        break;
      case 'left out':
        this.#left.push(message.message);
        break;
      case 'begin':
        this.#begin = message.what;
        find('training-view').hidden = false;
        this.#say(`Training: ${this.#begin}.`);
        break;
      case 'step':
        this.#curve.add(message.loss);
        progress.value = message.step / this.#steps;
        progress.title = `step ${message.step} of ${this.#steps}, ${message.imagesPerSecond.toPrecision(2)} images/s`;
        break;
      case 'sheet':
        this.#showSheet(message);
        break;
      case 'done':
        this.#result = new File([message.weights], `trained-here-${message.step}-steps.safetensors`);
        find('training-done').hidden = false;
        this.#end(`Done after step ${message.step}: ${this.#begin}. Loss ${this.#curve.mean.toFixed(4)}.`);
        break;
      case 'failed':
        this.#end(message.message, true);
    }
  }

  #showSheet({ step, score, held, sheet }: TrainingMessage & { kind: 'sheet' }): void {
    draw(find('sheet') as HTMLCanvasElement, sheet);
    const pictures = held ? 'kept from it' : 'that it learns from, so this measures memorization';
    const figure = (value: number) => value.toFixed(4);
    find('sheet-caption').textContent =
      `Input, output, ground truth, after step ${step}. Mean squared error ${figure(score.mse)}, all grey ${figure(score.grey)}, one color ${figure(score.meanColor)}; on ${score.count} photograph${score.count > 1 ? 's' : ''} ${pictures}.`;
  }

  #ask(request: TrainingRequest): void {
    this.#worker?.postMessage(request);
  }

  #end(text: string, bad = false): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#say(text, bad);
    this.#enable();
  }

  #say(text: string, bad = false): void {
    status.textContent = [text, ...this.#left].join(' Left out: ');
    status.classList.toggle('bad', bad);
  }

  #enable(): void {
    const running = this.#worker !== undefined;
    start.disabled = running || this.#files.length === 0;
    stop.disabled = !running;
    find<HTMLButtonElement>('training-choose').disabled = running;
    progress.classList.toggle('running', running);
  }
}
