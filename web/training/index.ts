/** The part of the page that trains: its form, the curve, the sheet, and what becomes of the weights. */
import { byId, draw, saveFile } from '../elements.ts';
import { withPlainName } from '../photographs/file_name.ts';
import { startWorker } from '../worker/start.ts';
import { LossCurve } from './loss_curve.ts';
import type { OwnFiles, TrainingMessage, TrainingRequest, TrainingSetup } from './messages.ts';

const form = byId<HTMLFormElement>('training-form');
const input = byId<HTMLInputElement>('training-files');
const status = byId('training-status');
const start = byId<HTMLButtonElement>('training-start');
const stop = byId<HTMLButtonElement>('training-stop');
const progress = byId<HTMLProgressElement>('training-progress');

export class TrainingPanel {
  readonly #own: OwnFiles;
  readonly #curve = new LossCurve(byId('curve') as unknown as SVGSVGElement);
  #files: readonly File[] = [];
  #worker: Worker | undefined;
  #result: File | undefined;
  #steps = 0;
  #begin = '';
  #left: string[] = [];

  /** @param use gets weights that are to be colored with */
  constructor(own: OwnFiles, use: (weights: File) => void) {
    this.#own = own;
    byId('training-choose').addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      this.#files = Array.from(input.files ?? [], withPlainName);
      byId('training-chosen').textContent = `${this.#files.length} chosen`;
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
    byId('training-use').addEventListener('click', () => use(this.#result!));
    byId('training-save').addEventListener('click', () => saveFile(this.#result!, this.#result!.name));
    byId<HTMLButtonElement>('training-choose').disabled = false;
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
    byId('training-view').hidden = true;
    byId('training-done').hidden = true;
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
        byId('training-view').hidden = false;
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
        byId('training-done').hidden = false;
        this.#end(`Done after step ${message.step}: ${this.#begin}. Loss ${this.#curve.mean.toFixed(4)}.`);
        break;
      case 'failed':
        this.#end(message.message, true);
    }
  }

  #showSheet({ step, score, held, sheet }: TrainingMessage & { kind: 'sheet' }): void {
    draw(byId('sheet') as HTMLCanvasElement, sheet);
    const pictures = held ? 'kept from it' : 'that it learns from, so this measures memorization';
    const figure = (value: number) => value.toFixed(4);
    byId('sheet-caption').textContent =
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
    byId<HTMLButtonElement>('training-choose').disabled = running;
    progress.classList.toggle('running', running);
  }
}
