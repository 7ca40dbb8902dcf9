/**
 * Input and target of the network, from bytes. pixels [N, SH, SW]: RGBA8, one 32-bit word each;
 * crops [N, 4]: top, left, mirror (0 or 1), tone – the crop of each picture, and how the network sees it
 * (`packLook`).
 * Outputs are [N, H, W, C].
 */
import { chroma as chromaKernel } from '../../../kernels/image/chroma.ts';
import { coverage as coverageKernel } from '../../../kernels/image/coverage.ts';
import { lightness as lightnessKernel } from '../../../kernels/image/lightness.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape } from '../../node.ts';

interface CropAttrs {
  readonly height: number;
  readonly width: number;
}

/** Whose L* the network sees: that of the grey-scaled picture (BT.601 luma), or that of the colors. */
export type Lightness = 'luma' | 'lab';

/** y = L* / 50 − 1, [N, H, W, 1]. */
export const lightnessOp = defineOp<CropAttrs & { readonly source: Lightness }>({
  name: 'lightness',
  shape: (shapes, attrs) => cropShape('lightness', shapes, attrs, 1),
  lower: (emit, { inputs: [pixels, crops], shapes, output }, { height, width, source }) => {
    const params = geometry(shapes[0]!, height, width);
    emit.call(lightnessKernel, { pixels: pixels!, crops: crops!, y: output }, params, { source });
  },
  gradient: 'data',
});

/** y = gain · (a*, b*) / 127, [N, H, W, 2]. */
export const chromaOp = defineOp<CropAttrs & { readonly gain: number }>({
  name: 'chroma',
  shape: (shapes, attrs) => cropShape('chroma', shapes, attrs, 2),
  lower: (emit, { inputs: [pixels, crops], shapes, output }, { height, width, gain }) => {
    const params = { ...geometry(shapes[0]!, height, width), gain };
    emit.call(chromaKernel, { pixels: pixels!, crops: crops!, y: output }, params);
  },
  gradient: 'data',
});

/** y = alpha / 255, [N, H, W, 1]: 0 where a picture was padded, so that padding does not count in the loss. */
export const coverageOp = defineOp<CropAttrs>({
  name: 'coverage',
  shape: (shapes, attrs) => cropShape('coverage', shapes, attrs, 1),
  lower: (emit, { inputs: [pixels, crops], shapes, output }, { height, width }) => {
    emit.call(coverageKernel, { pixels: pixels!, crops: crops!, y: output }, geometry(shapes[0]!, height, width));
  },
  gradient: 'data',
});

function cropShape(op: string, [pixels, crops]: readonly Shape[], { height, width }: CropAttrs, channels: number) {
  const [n, sourceHeight, sourceWidth] = pixels!;
  if (pixels!.length !== 3 || height > sourceHeight! || width > sourceWidth!) {
    throw new ShapeError({ where: op, expected: `pixels [N, ≥ ${height}, ≥ ${width}]`, got: describe(pixels!) });
  }
  if (crops!.join() !== `${n},4`)
    throw new ShapeError({ where: op, expected: `crops [${n}, 4]`, got: describe(crops!) });
  return [n!, height, width, channels];
}

function geometry([images, sourceHeight, sourceWidth]: Shape, height: number, width: number) {
  return { images: images!, source_height: sourceHeight!, source_width: sourceWidth!, height, width };
}

export const lightness = (pixels: Node, crops: Node, attrs: CropAttrs & { source: Lightness }) =>
  apply(lightnessOp, [pixels, crops], attrs);
export const chroma = (pixels: Node, crops: Node, attrs: CropAttrs & { gain: number }) =>
  apply(chromaOp, [pixels, crops], attrs);
export const coverage = (pixels: Node, crops: Node, attrs: CropAttrs) => apply(coverageOp, [pixels, crops], attrs);
