/**
 * Borders of scanned prints: black film edges, white paper margins, mounts, one inside the other; found side by side.
 *
 * A border is taken for one only when it is uniform along its whole side and ends in a straight edge: skies, night scenes,
 * vignettes and white studio grounds end elsewhere. What lies within may be an oval, or have round corners
 * (`border_round.ts`). Frames with a pattern are not found.
 *
 * Only samples of the outer parts are read (`side.ts`), so the time does not grow with the picture.
 */
import { ShapeError } from '../../runtime/errors.ts';
import { roundOf } from './border_round.ts';
import { borderOfSide } from './border_side.ts';
import { channelsOf, type Picture, type Pixels } from './picture.ts';
import type { Size } from './resize.ts';
import { MOST, SIDES, sideOf } from './side.ts';

/**
 * How far a border reaches into the picture, at the two ends of its side (from the left, or from the top): they differ
 * where the print lay askew. As a share of the picture's height for top and bottom, of its width for left and right.
 */
export type Depth = readonly [from: number, to: number];

/** Radii of round corners, as shares of the picture's width and height. */
export type Corners = readonly [x: number, y: number];

/**
 * The border of each side, and the corners of what lies within where they are round: those of an oval reach half of its width
 * and height. Being shares, they fit the picture at any size.
 */
export type Border = readonly [top: Depth, right: Depth, bottom: Depth, left: Depth, corners?: Corners];

/** Which border is left neutral: what is found, none, or a width on every side, in pixels or percent of the shorter side. */
export type BorderOption = 'auto' | 'none' | number | `${number}%`;

/** A rectangle of whole pixels. */
export interface Inner extends Size {
  readonly left: number;
  readonly top: number;
}

/** Below this many pixels a side nothing is looked for. */
const SMALLEST = 32;
/** Most that is border where only one side has one: a wall or a post may look like it. */
const MOST_ALONE = 0.08;
/**
 * Rounds of looking: where a side's border ends along it, and how much of its edge must be seen, depend on the other
 * sides. The first round hopes for all four.
 */
const ROUNDS = 4;
/** Width of the seam over which colors fade in, pixels. */
const SEAM = 2;

/**
 * Finds a picture's border, or takes the one that is asked for.
 *
 * @returns undefined where there is none
 * @throws ShapeError for an option that is none, or a border that would leave nothing
 */
export function borderOf(picture: Picture, option: BorderOption = 'auto'): Border | undefined {
  channelsOf('colorize', picture);
  if (option === 'none') return undefined;
  if (option === 'auto') return roundBorder(picture, straightBorder(picture));
  const { width, height } = picture;
  const shorter = Math.min(width, height);
  const percent = typeof option === 'string' && /^\d+(\.\d+)?%$/.test(option);
  const pixels = percent ? (Number.parseFloat(option) / 100) * shorter : option;
  if (typeof pixels !== 'number' || !(pixels >= 0 && pixels * 2 <= shorter - 1)) {
    throw new ShapeError({
      where: 'colorize',
      expected: `a border 'auto', 'none', or of a width below half of the shorter side (${shorter} pixels) such as 12 or '5%'`,
      got: typeof option === 'string' ? `'${option}'` : option,
      hint: 'choose another',
    });
  }
  if (pixels === 0) return undefined;
  const [x, y] = [pixels / width, pixels / height];
  return [
    [y, y],
    [x, x],
    [y, y],
    [x, x],
  ];
}

/** The border with the round opening within it. */
function roundBorder(picture: Picture, border: Border | undefined): Border | undefined {
  const { width, height } = picture;
  const round = roundOf(picture, border ? innerOf(border, picture) : { left: 0, top: 0, width, height });
  if (!round) return border;
  const { left, top, radii, oval } = round;
  const corners: Corners = [radii[0] / width, radii[1] / height];
  const [top_, right, bottom, left_] = border ?? NONE;
  if (!oval) return [top_, right, bottom, left_, corners];
  const even = (share: number): Depth => [Math.max(share, 0), Math.max(share, 0)];
  const [across, down] = [left / width, top / height];
  return [even(down), even(1 - across - 2 * corners[0]), even(1 - down - 2 * corners[1]), even(across), corners];
}

const NONE: Border = [
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
];

function straightBorder(picture: Picture): Border | undefined {
  if (Math.min(picture.width, picture.height) < SMALLEST) return undefined;
  const sides = SIDES.map((side) => sideOf(picture, side));
  let found: (Depth | undefined)[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = found;
    found = sides.map((side, i) => {
      // At its ends a side runs through its neighbors' borders; in the first round, wherever they may reach.
      const [start, end] = [before[i % 2 ? 0 : 3], before[i % 2 ? 2 : 1]];
      const reach = (depth: Depth | undefined) => (round === 0 ? MOST : depth ? Math.max(...depth) + 0.01 : 0);
      const others = round === 0 ? 3 : before.filter((depth, j) => depth && j !== i).length;
      return borderOfSide(side, { first: reach(start), last: 1 - reach(end), others });
    });
    // What a round finds follows from the one before.
    if (round > 0 && found.every((depth, i) => String(depth) === String(before[i]))) break;
  }
  const depths = found.flatMap((depth) => (depth ? [Math.max(...depth)] : []));
  if (depths.length === 0 || (depths.length === 1 && depths[0]! > MOST_ALONE)) return undefined;
  return found.map((depth) => depth ?? [0, 0]) as unknown as Border;
}

/** The part of a picture of that size that no border touches. At least one pixel. */
export function innerOf(border: Border, { width, height }: Size): Inner {
  const [top, right, bottom, left] = border.slice(0, 4).map((depth = [0, 0], i) => {
    const length = i % 2 ? width : height;
    return Math.min(Math.max(Math.ceil(Math.max(...depth) * length - 1e-6), 0), (length - 1) >> 1);
  }) as [number, number, number, number];
  return { left, top, width: width - left - right, height: height - top - bottom };
}

/** How many pixels of a picture of that size each side's border takes, as style sheets order them. */
export function borderPixels(border: Border, size: Size): [top: number, right: number, bottom: number, left: number] {
  const { left, top, width, height } = innerOf(border, size);
  return [top, size.width - left - width, size.height - top - height, left];
}

/** Radii of round corners in whole pixels of a picture of that size. */
export function cornerPixels({ 4: corners }: Border, { width, height }: Size): [x: number, y: number] | undefined {
  return corners && [Math.round(corners[0] * width), Math.round(corners[1] * height)];
}

/**
 * What the network is shown of a picture with a border: what lies inside. Of paper outside of round corners nothing is shown:
 * the picture is mirrored there.
 */
export function within(picture: Picture, border: Border): Picture {
  const inner = innerOf(border, picture);
  const shown = crop(picture, inner);
  const corner = cornersOf(border, picture);
  if (!corner) return shown;
  const channels = channelsOf('crop', picture);
  const { width, height, data } = shown;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [share, u, v] = corner(inner.left + x + 0.5, inner.top + y + 0.5);
      if (share <= 1) continue;
      // As far inside of the edge as this pixel is outside.
      const [dx, dy] = [Math.round(u * (2 / share - 2)), Math.round(v * (2 / share - 2))];
      const from =
        channels * (Math.min(Math.max(y + dy, 0), height - 1) * width + Math.min(Math.max(x + dx, 0), width - 1));
      for (let c = 0; c < channels; c++) data[channels * i + c] = data[from + c]!;
    }
  }
  return shown;
}

/**
 * Where pixels lie in round corners.
 *
 * @returns the distance from the middle of a corner's ellipse as a share of the ellipse's radius there (0 outside of all
 * corners), and in pixels across and down
 */
function cornersOf(border: Border, { width, height }: Size) {
  const [top, right, bottom, left, corners] = border;
  if (!corners) return undefined;
  const middle = ([from, to]: Depth) => (from + to) / 2;
  const [rx, ry] = [corners[0] * width, corners[1] * height];
  const [x0, x1] = [middle(left) * width + rx, (1 - middle(right)) * width - rx];
  const [y0, y1] = [middle(top) * height + ry, (1 - middle(bottom)) * height - ry];
  return (x: number, y: number): readonly [share: number, u: number, v: number] => {
    const [u, v] = [x - Math.min(Math.max(x, x0), x1), y - Math.min(Math.max(y, y0), y1)];
    return [u && v ? Math.hypot(u / rx, v / ry) : 0, u, v];
  };
}

/** Copies what lies inside. */
export function crop(picture: Picture, { left, top, width, height }: Inner): Picture {
  const data: Pixels = picture.data;
  const channels = channelsOf('crop', picture);
  const inner = data.slice(0, width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * channels;
    inner.set(data.subarray(from, from + width * channels), y * width * channels);
  }
  return { data: inner, width, height };
}

/**
 * Makes a function that keeps color off the border: exactly 0 there, and all of it from two pixels within (about two, in
 * round corners).
 *
 * What lies between an askew border and the inner rectangle gets the colors of the rectangle's rim.
 *
 * @returns changes row `y` of a*, b*, `[W, 2]`, in which the inner columns are filled
 */
export function neutralizer(
  border: Border,
  { width, height }: Size,
  inner: Inner,
): (y: number, ab: Float64Array) => void {
  const right = inner.left + inner.width - 1;
  const [top, rightmost, bottom, left] = border;
  const corner = cornersOf(border, { width, height });
  const narrower = corner ? Math.min(border[4]![0] * width, border[4]![1] * height) : 0;
  /** How many pixels a place at a share of a side's length lies within the side's border; a side without one has no seam. */
  const inside = (depth: Depth, share: number, from: number, length: number) =>
    depth[0] || depth[1] ? (from - depth[0] - (depth[1] - depth[0]) * share) * length : SEAM;
  return (y, ab) => {
    const down = (y + 0.5) / height;
    for (let x = 0; x < width; x++) {
      const across = (x + 0.5) / width;
      const within = Math.min(
        inside(left, down, across, width),
        inside(rightmost, down, 1 - across, width),
        inside(top, across, down, height),
        inside(bottom, across, 1 - down, height),
        corner ? (1 - corner(x + 0.5, y + 0.5)[0]) * narrower : SEAM,
      );
      const share = Math.min(within / SEAM, 1);
      const from = 2 * Math.min(Math.max(x, inner.left), right);
      ab[2 * x] = share > 0 ? ab[from]! * share : 0;
      ab[2 * x + 1] = share > 0 ? ab[from + 1]! * share : 0;
    }
  };
}
