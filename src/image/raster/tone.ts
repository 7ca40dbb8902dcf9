/** Tone augmentation of a picture: the grey of early film, another tone curve. What shaders/image/lightness.wgsl does in training. */
import type { Picture } from './picture.ts';

/** As `Tone` in src/kernels/image/lightness.ts: all 0, as it is. */
interface Tone {
  readonly blue: number;
  readonly gamma: number;
  readonly black: number;
  readonly white: number;
}

/** As in the shader. */
const STRONGEST = { gamma: 0.6, black: 0.2, white: 0.25 };

/** The grey picture that a color picture is seen as. @param picture RGBA, 8 bits, opaque @returns RGBA; itself as it is */
export function withTone(picture: Picture, { blue, gamma, black, white }: Tone): Picture {
  if (!blue && !gamma && !black && !white) return picture;
  const { data, width, height } = picture;
  const seen = new Uint8ClampedArray(width * height * 4).fill(255);
  const [low, high] = [STRONGEST.black * black, 1 - STRONGEST.white * white];
  const power = Math.exp(STRONGEST.gamma * gamma);
  const toned = gamma !== 0 || black !== 0 || white !== 0;
  for (let i = 0; i < seen.length; i += 4) {
    const [r, g, b] = [data[i]! / 255, data[i + 1]! / 255, data[i + 2]! / 255];
    const grey = g + 0.299 * (1 - blue) * (r - g) + (0.114 + (0.7 - 0.114) * blue) * (b - g);
    seen.fill(255 * (toned ? low + (high - low) * Math.max(grey, 1e-4) ** power : grey), i, i + 3);
  }
  return { data: seen, width, height };
}
