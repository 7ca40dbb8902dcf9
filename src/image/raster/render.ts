/**
 * Render size of a picture in the network, the grey plane that goes in, and the chroma that comes out.
 * The network was trained on crops of about 224 pixels; full resolution would give blotches (see `--render-size`).
 */
import { ShapeError } from '../../runtime/errors.ts';
import type { Chroma } from '../color/chroma.ts';
import { networkToChroma } from '../color/lab.ts';
import type { Picture } from './picture.ts';
import { type Plane, padToMultiple, resizeGrey, type Size } from './resize.ts';

/** Default length of the shorter side in the network, pixels: the size of the training crops. */
export const RENDER_SHORTER = 224;

/** The network's strides multiply to 8, so its input's sides are multiples of it; of more with some feature maps. */
export const RENDER_MULTIPLE = 8;

/** The longer side is at most this many times `shorter`; longer pictures are squeezed along it. */
export const RENDER_LONGEST = 4;

/** Small pictures are enlarged at most this much: more would only show the network blur. */
export const RENDER_ENLARGE = 2;

/**
 * Chooses the size at which a picture goes through the network, before padding.
 *
 * The aspect ratio is kept, with the shorter side at `shorter`, except that
 * - a picture is never enlarged more than twice: 7 x 5 becomes 14 x 10;
 * - the longer side is cut to four times `shorter`, which bounds memory: past 4 : 1 (panoramas, banners) the picture is
 *   squeezed along its length, so that its height stays at the training scale. 3000 x 17 becomes 896 x 34.
 *
 * @param shorter - pixels, default 224
 * @returns whole pixels, at least 1 x 1
 * @throws ShapeError when `shorter` is below 8 or not a whole number
 */
export function renderSize(width: number, height: number, shorter = RENDER_SHORTER): Size {
  if (!Number.isInteger(shorter) || shorter < RENDER_MULTIPLE) {
    throw new ShapeError({
      where: 'render size',
      expected: `whole pixels, ${RENDER_MULTIPLE} or more`,
      got: shorter,
      hint: 'try 224',
    });
  }
  const scale = Math.min(shorter / Math.min(width, height), RENDER_ENLARGE);
  const side = (pixels: number) => Math.min(Math.max(Math.round(pixels * scale), 1), shorter * RENDER_LONGEST);
  return { width: side(width), height: side(height) };
}

/** A grey plane ready for the network, and how much of it is picture. */
export interface RenderPlane extends Plane {
  /** The picture's part, from the top left, in pixels of the plane; the rest is padding. */
  readonly extent: Size;
  /** The same at `scale` times the size: the plane holds means of its pixels. */
  readonly fine: Plane;
}

/** What a network asks of its input beside the size. */
export interface RenderOptions {
  /** The plane's sides are multiples of it; default 8. */
  readonly multiple?: number;
  /** How many times larger `fine` is; default 1. */
  readonly scale?: number;
  /** Whether left and right are swapped, before the padding. */
  readonly mirror?: boolean;
}

/**
 * Prepares a picture for the network: resized to `renderSize`, grey, padded to a multiple of 8 by repeating the edge.
 *
 * @returns `[height, width, 1]`, grey codes 0..255; `greyToNetwork` scales them
 * @throws ShapeError when the picture's data and size disagree
 */
export function renderGrey(
  picture: Picture,
  shorter = RENDER_SHORTER,
  { multiple = RENDER_MULTIPLE, scale = 1, mirror = false }: RenderOptions = {},
): RenderPlane {
  const extent = renderSize(picture.width, picture.height, shorter);
  const resized = resizeGrey(picture, { width: extent.width * scale, height: extent.height * scale });
  const fine = padToMultiple(mirror ? mirrored(resized) : resized, multiple * scale);
  const [width, height] = [fine.width / scale, fine.height / scale];
  return { data: shrink(fine.data, fine.width, fine.height, 1, scale), width, height, extent, fine };
}

function mirrored({ data, width, height }: Plane): Plane {
  return { data: data.map((_, i) => data[i - 2 * (i % width) + width - 1]!), width, height };
}

/**
 * Takes the network's answer to a plane as chroma. The network's last step doubles each pixel, which is undone, so that
 * what is upsampled later is its true resolution: half the plane's. The plane's grey goes along as the guide.
 *
 * @param answer - `[height, width, 2]`, -1..1, at the plane's size
 * @returns `[height / 2, width / 2, 2]`, with guide and extent
 */
export function chromaOf(answer: Float32Array, plane: RenderPlane): Chroma {
  const { width, height, extent } = plane;
  return {
    data: networkToChroma(shrink(answer, width, height, 2, 2)),
    guide: shrink(plane.data, width, height, 1, 2),
    width: width / 2,
    height: height / 2,
    extent: { width: extent.width / 2, height: extent.height / 2 },
  };
}

/** Means of `factor` x `factor` pixels, `[height, width, channels]`. Equal values give the same value, to the bit. */
function shrink(data: Float32Array, width: number, height: number, channels: number, factor: number): Float32Array {
  if (factor === 1) return data;
  const small = new Float32Array((width / factor) * (height / factor) * channels);
  const row = width * channels;
  for (let y = 0, o = 0; y < height; y += factor) {
    for (let x = 0; x < width; x += factor) {
      for (let c = 0; c < channels; c++, o++) {
        let sum = 0;
        for (let j = 0; j < factor; j++) {
          for (let i = 0; i < factor; i++) sum += data[(y + j) * row + (x + i) * channels + c]!;
        }
        small[o] = sum / factor ** 2;
      }
    }
  }
  return small;
}
