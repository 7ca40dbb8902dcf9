/** Trains on the user's photographs: the same trainer and loop as `koalarize train`, without files and checkpoints. */
import { contactSheet } from '../../src/image/raster/sheet.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import { MapExtractor } from '../../src/model/maps.ts';
import { colorizationNetwork, featureShapes, type NetworkConfig } from '../../src/model/network.ts';
import { trainingHead } from '../../src/model/training_head.ts';
import { decodeWeights, type Weights, weightsMetadata } from '../../src/model/weights.ts';
import { FormatError } from '../../src/runtime/errors.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { encodeWeights, readState } from '../../src/train/checkpoint.ts';
import { train } from '../../src/train/loop.ts';
import type { NetworkBuilder } from '../../src/train/loss.ts';
import { chooseMicroBatch } from '../../src/train/micro_batch.ts';
import { decayed } from '../../src/train/optimizer/schedule.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { Validator } from '../../src/train/validator.ts';
import { loadFiles } from '../weights.ts';
import type { OwnFiles, TrainingMessage, TrainingRequest, TrainingSetup } from './messages.ts';
import { cellOf, datasetOf, holdOut, type TrainingPicture, trainingPicture } from './pictures.ts';

/** For a network from nothing: an eighth of the channels, and steps that are cheap. */
const NARROW = { widthDivisor: 8, batch: 8, learningRate: 1e-3 };
/** For one that goes on from the page's weights. */
const TRAINED = { batch: 4, learningRate: 1e-4 };
const SEED = 1;
/** Pictures on the sheet, and the time between two. */
const SHEET_ROWS = 4;
const SHEET_EVERY_MS = 5000;

let stopped = false;
const post = (message: TrainingMessage) => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<TrainingRequest>) => {
  if (data.kind === 'stop') stopped = true;
  else run(data.setup).catch((cause: Error) => post({ kind: 'failed', message: cause.message }));
});

async function run(setup: TrainingSetup): Promise<void> {
  const { size, steps } = setup;
  const own = await loadOwn(setup.own);
  const initial = setup.from === 'page' ? own.weights : undefined;
  const { embedding, network: full } = own.weights;
  const { temperature: _, ...regression } = full;
  const config: NetworkConfig = initial?.network ?? { ...regression, widthDivisor: NARROW.widthDivisor };
  const { batch, learningRate } = initial ? TRAINED : NARROW;

  post({ kind: 'doing', what: 'Opening the graphics device' });
  const gpu = await Gpu.open();
  try {
    const extractor = await openExtractor(gpu, own, size);
    const { learn, judge, held } = holdOut(await readPictures(setup, extractor));
    await extractor?.close();
    post({ kind: 'doing', what: 'Compiling the network and its gradients' });
    const network: NetworkBuilder = (...inputs) => colorizationNetwork(config, ...inputs);
    const microBatch = chooseMicroBatch(gpu, batch, size, config.widthDivisor);
    const trainer = await Trainer.create(
      gpu,
      {
        batch,
        microBatch,
        size,
        classes: Boolean(config.temperature),
        features: featureShapes(config, [1, size, size]).map(([, ...shape]) => shape),
        ...(extractor && { cell: cellOf(extractor) }),
      },
      (...inputs) => trainingHead(config, ...inputs),
    );
    trainer.load(initial?.tensors ?? initialWeights(trainer.weights.layout, SEED));
    const validator = await Validator.create(gpu, trainer, network, datasetOf(judge, extractor));
    const parameters = (trainer.weights.layout.size / 1e6).toFixed(2);
    const memory = Math.round(gpu.peakBytes / 2 ** 20);
    const pictures = `${learn.length} photographs${held ? `, ${judge.length} more to judge it by` : ''}`;
    post({ kind: 'begin', what: `${pictures}; ${parameters} M parameters, ${memory} MiB on ${gpu.name}` });

    const sheet = async (step: number) => {
      const score = await validator.score();
      const rows = (await validator.compare(SHEET_ROWS)).map(({ grey, output, truth }) => [grey, output, truth]);
      const cell = { width: 2 * size, height: 2 * size };
      post({ kind: 'sheet', step, score, held, sheet: contactSheet(rows, { cell, background: 128 }) });
      shownAt = performance.now();
    };
    let shownAt = 0;
    const reports = train({
      trainer,
      dataset: datasetOf(learn, extractor),
      seed: SEED,
      steps,
      learningRate: (step) => decayed(learningRate, 'cosine', (step - 1) / steps),
      stopAfter: () => stopped,
      settleAfter: () => performance.now() - shownAt >= SHEET_EVERY_MS,
    });
    for await (const { step, loss, imagesPerSecond, settled } of reports) {
      post({ kind: 'step', step, loss, imagesPerSecond });
      if (settled) await sheet(step);
    }
    const about = {
      ...weightsMetadata({ network: config, lightness: 'luma', embedding }),
      size: String(size),
      batch: String(batch),
      learning_rate: String(learningRate),
      seed: String(SEED),
      initial_weights: initial ? "the page's" : 'glorot uniform',
      pictures: String(learn.length),
    };
    post({ kind: 'done', step: trainer.lastStep, weights: encodeWeights(await readState(trainer), about) });
  } finally {
    await gpu.close();
  }
}

/** Those that can be learned from; the others are named. @throws FormatError when there are none */
async function readPictures({ files, size }: TrainingSetup, extractor?: MapExtractor): Promise<TrainingPicture[]> {
  const pictures: TrainingPicture[] = [];
  for (const [i, file] of files.entries()) {
    if (stopped && pictures.length > 0) break;
    post({ kind: 'doing', what: `Reading photograph ${i + 1} of ${files.length}` });
    try {
      pictures.push(await trainingPicture(file, size, extractor));
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      post({ kind: 'left out', message: cause.message });
    }
  }
  if (pictures.length > 0) return pictures;
  throw new FormatError({
    where: 'training',
    expected: 'color photographs',
    got: 'none that can be learned from',
    hint: 'choose others',
  });
}

interface Own {
  readonly weights: Weights;
  readonly extractor: Uint8Array;
}

async function loadOwn(own: OwnFiles): Promise<Own> {
  const [bytes, extractor] = (await loadFiles([own.weights, own.extractor], (loaded) =>
    post({ kind: 'doing', what: `Loading ${(loaded / 1e6).toFixed(1)} MB` }),
  )) as [Uint8Array, Uint8Array];
  const weights = decodeWeights(bytes, 'weights');
  if ((!weights.embedding || weights.embedding.kind === 'maps') && weights.lightness === 'luma') {
    return { weights, extractor };
  }
  throw new FormatError({
    where: 'training',
    expected: 'weights that see luma, and feature maps at most',
    got: 'other ones',
  });
}

/** The classifier of the page's weights, asked as they were trained; undefined for weights without. */
async function openExtractor(
  gpu: Gpu,
  { weights: { embedding }, extractor: source }: Own,
  size: number,
): Promise<MapExtractor | undefined> {
  if (embedding?.kind !== 'maps') return undefined;
  const extractor = await MapExtractor.open(gpu, source, undefined, embedding);
  const cell = cellOf(extractor);
  if (size % cell === 0) return extractor;
  throw new FormatError({
    where: 'training',
    expected: `squares of a multiple of ${cell} px, the cells of the feature maps`,
    got: size,
    hint: 'choose another size',
  });
}
