/** Colors photographs, away from the page, which stays responsive. Holds what repainting and saving need. */
import { applyChroma, type Chroma } from '../../src/image/color/chroma.ts';
import type { Picture } from '../../src/image/raster/picture.ts';
import { resizePicture } from '../../src/image/raster/resize.ts';
import { decode } from '../photographs/decode.ts';
import { encode } from '../photographs/encode.ts';
import { changedFile } from '../photographs/unreadable.ts';
import { loadFiles } from '../weights.ts';
import { Engine } from './engine.ts';
import type { Message, Pixels, Request } from './messages.ts';

/** Longest sides, pixels. */
const PREVIEW = 1440;
const THUMBNAIL = 160;

/** The full-size pixels are not kept: the file is decoded again to be saved. */
interface Photograph {
  readonly file: Blob;
  readonly name: string;
  readonly preview: Pixels;
  readonly chroma?: Chroma;
}

const photographs = new Map<number, Photograph>();
const forgotten = new Set<number>();
let engine: Engine | undefined;
let turn: Promise<void> = Promise.resolve();

function post(message: Message): void {
  const transfer =
    message.kind === 'painted' ? [message.before, message.after].flatMap((pixels) => pixels?.data.buffer ?? []) : [];
  postMessage(message, { transfer });
}

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if (data.kind === 'paint') tryPainting(data);
  else if (data.kind === 'forget') {
    photographs.delete(data.id);
    forgotten.add(data.id);
  } else turn = turn.then(() => take(data));
});

/** Long work, one after the other. */
async function take(request: Exclude<Request, { kind: 'paint' | 'forget' }>): Promise<void> {
  try {
    if (request.kind === 'open') await open(request);
    else if (request.kind === 'color') await color(request);
    else await save(request);
  } catch (cause) {
    const { message } = cause as Error;
    if (request.kind === 'open') post({ kind: 'unusable', message, kept: engine !== undefined });
    else post({ kind: 'failed', id: request.id, message, gone: !photographs.has(request.id) });
  }
}

async function open({ weights, extractor }: Request & { kind: 'open' }): Promise<void> {
  const load = (...urls: string[]) => loadFiles(urls, (loaded, total) => post({ kind: 'loading', loaded, total }));
  const onWarning = (message: string) => post({ kind: 'notice', message });
  let next: Engine;
  if (typeof weights === 'string') {
    const [bytes, classifier] = (await load(weights, extractor)) as [Uint8Array, Uint8Array];
    next = await Engine.open(bytes, 'weights', async () => classifier, onWarning);
  } else {
    const bytes = await weights.arrayBuffer().then(
      (buffer) => new Uint8Array(buffer),
      () => {
        throw changedFile(weights.name);
      },
    );
    next = await Engine.open(bytes, weights.name, async () => (await load(extractor))[0]!, onWarning);
  }
  await engine?.close();
  engine = next;
  post({ kind: 'ready', device: engine.device });
}

async function color({ id, file, name }: Request & { kind: 'color' }): Promise<void> {
  if (forgotten.has(id)) return;
  const start = performance.now();
  photographs.delete(id);
  const picture = await decode(file, name);
  const { width, height } = picture;
  const preview = shrink(picture, PREVIEW);
  photographs.set(id, { file, name, preview });
  post({ kind: 'read', id, width, height, thumbnail: shrink(preview, THUMBNAIL) });
  if (!engine) throw new Error(`${name}: not colored, as there is no device or no weights`);
  const before = performance.now();
  const chroma = await engine.chroma(picture);
  const networkMs = performance.now() - before;
  if (forgotten.has(id)) return;
  photographs.set(id, { file, name, preview, chroma });
  const thumbnail = applyChroma(shrink(preview, THUMBNAIL), chroma) as Pixels;
  post({ kind: 'colored', id, thumbnail, ms: performance.now() - start, networkMs });
}

/** Nothing may end the worker, which holds all photographs. The page waits for an answer to each. */
function tryPainting(request: Request & { kind: 'paint' }): void {
  try {
    paint(request);
  } catch (cause) {
    post({ kind: 'painted', id: request.id });
    post({ kind: 'notice', message: `The photograph could not be drawn: ${(cause as Error).message}` });
  }
}

function paint({ id, strength, before }: Request & { kind: 'paint' }): void {
  const { preview, chroma } = photographs.get(id) ?? {};
  post({
    kind: 'painted',
    id,
    // A copy: what is posted is gone.
    ...(before && preview && { before: { ...preview, data: preview.data.slice() } }),
    ...(preview && chroma && { after: applyChroma(preview, chroma, { strength }) as Pixels }),
  });
}

async function save({ id, strength, type }: Request & { kind: 'save' }): Promise<void> {
  const photograph = photographs.get(id);
  if (!photograph) return; // It has been taken away meanwhile.
  const { file, name, chroma } = photograph;
  if (!chroma) throw new Error(`${name}: not saved, as it has no colors`);
  const colored = applyChroma(await decode(file, name), chroma, { strength });
  post({ kind: 'saved', id, file: await encode(colored, type, name) });
}

/** The picture with `longest` pixels on the longer side, or as it is. */
function shrink(picture: Picture<Uint8ClampedArray<ArrayBuffer>>, longest: number): Pixels {
  const { width, height } = picture;
  const scale = longest / Math.max(width, height);
  if (scale >= 1) return picture;
  return resizePicture(picture, {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  });
}
