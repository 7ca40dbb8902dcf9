/**
 * Round openings of mounts: ovals, and rectangles with round corners, cut from plain paper.
 *
 * Both are a rectangle whose corners are quarters of ellipses; those of an oval reach its middles. The paper's level is read
 * in the four corners. An oval goes through the places where rays from its middle leave the paper (those on which most
 * agree: dark clothes on dark paper hide some); round corners have the radius at which most of their edge is seen. What is
 * found is checked along its edge: paper outside, another grey close inside. Vignettes fade, and have no edge.
 */

import type { Picture } from './picture.ts';
import { greyReader, median } from './side.ts';

/** A rectangle with corners that are quarters of ellipses, in pixels of the picture. */
export interface Round {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Radii of the corners; half of width and height for an oval. */
  readonly radii: readonly [x: number, y: number];
  readonly oval: boolean;
}

type Rectangle = Omit<Round, 'radii' | 'oval'>;

/** Below this many pixels a side nothing is looked for. */
const SMALLEST = 64;
/** Steps in the shorter side. */
const STEPS = 256;
const RAYS = 128;
/** How far rays go toward the middle: less than half of a rectangle is no opening. */
const INNERMOST = 0.4;
/** How far from an oval's edge a ray may end, as a share of its radius. */
const NEAR = 0.015;
/** Most deviation of the paper's codes in a corner, and of one corner from another. */
const ROUGHEST = 5;
const UNEVEN = 40;
/** Places along the edge of a corner. */
const PLACES = 16;
/** The share of the places around that must be paper outside, and of those where an edge is seen, in all and in each corner. */
const [PAPER, SEEN, SEEN_CORNER] = [0.9, 0.6, 0.3];
/** How much of the change must be over at the edge, in sum. */
const SHARP = 0.75;

/** Finds the round opening of a mount in the inner part of a picture; undefined where there is none. */
export function roundOf(picture: Picture, part: Rectangle): Round | undefined {
  const shorter = Math.min(part.width, part.height);
  if (shorter < SMALLEST) return undefined;
  const paper = paperOf(picture, part, shorter / STEPS);
  if (!paper) return undefined;
  const oval = ovalOf(paper, part);
  if (oval && edgeOf(paper, part, oval) >= SEEN) return oval;
  // Of all radii at which as much is seen, the one in the middle.
  let [least, most, best] = [0, 0, SEEN];
  const withCorners = (radius: number): Round => ({ ...part, radii: [radius, radius], oval: false });
  for (let radius = 0.04 * shorter; radius <= 0.5 * shorter; radius *= 1.02) {
    const seen = edgeOf(paper, part, withCorners(radius));
    if (seen > best) [least, best] = [radius, seen];
    if (seen === best) most = radius;
  }
  return least ? withCorners((least + most) / 2) : undefined;
}

interface Paper {
  /** Mean grey around a place. */
  readonly at: (x: number, y: number) => number;
  /** The paper's level there, and how far codes are off it by noise. */
  readonly level: (x: number, y: number) => number;
  readonly tolerance: number;
  /** Pixels of a step. */
  readonly step: number;
}

function paperOf(picture: Picture, { left, top, width, height }: Rectangle, step: number): Paper | undefined {
  const grey = greyReader(picture);
  const apart = Math.max(1, step / 2);
  const column = (x: number) => Math.min(Math.max(Math.floor(x), left), left + width - 1);
  const row = (y: number) => Math.min(Math.max(Math.floor(y), top), top + height - 1);
  const at = (x: number, y: number) => {
    let sum = 0;
    for (let j = -1; j <= 1; j++) {
      for (let i = -1; i <= 1; i++) sum += grey(row(y + j * apart) * picture.width + column(x + i * apart));
    }
    return sum / 9;
  };
  const leg = 8 * Math.max(1, step);
  const corners = CORNERS.map(([right, bottom]) => {
    const codes: number[] = [];
    for (let j = 0.5; j < 6; j++) {
      for (let i = 0.5; i + j < 6; i++) {
        const [x, y] = [(i * leg) / 6, (j * leg) / 6];
        codes.push(at(right ? left + width - x : left + x, bottom ? top + height - y : top + y));
      }
    }
    const level = median(Float64Array.from(codes));
    return { level, noise: 1.4826 * median(Float64Array.from(codes, (code) => Math.abs(code - level))) };
  });
  const levels = corners.map(({ level }) => level);
  const noise = Math.max(...corners.map((corner) => corner.noise));
  if (noise > ROUGHEST || Math.max(...levels) - Math.min(...levels) > UNEVEN) return undefined;
  const [a, b, c, d] = levels as [number, number, number, number];
  const level = (x: number, y: number) => {
    const [across, down] = [(x - left) / width, (y - top) / height];
    return (a + (b - a) * across) * (1 - down) + (c + (d - c) * across) * down;
  };
  return { at, level, tolerance: Math.min(Math.max(3 * noise + 6, 8), 16), step: Math.max(1, step) };
}

const CORNERS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

/**
 * How much of an opening's edge is seen, of what lies within the part.
 *
 * @returns 0 where it is not surrounded by paper
 */
function edgeOf({ at, level, tolerance, step }: Paper, part: Rectangle, { left, top, width, height, radii }: Round) {
  const [rx, ry] = radii;
  const off = (2.5 * step) / Math.min(rx, ry);
  const difference = (x: number, y: number) => Math.abs(at(x, y) - level(x, y));
  const inside = (x: number, y: number) =>
    x >= part.left && y >= part.top && x < part.left + part.width && y < part.top + part.height;
  let [all, paper, seen, least, near, far] = [0, 0, 0, 1, 0, 0];
  for (const [right, bottom] of CORNERS) {
    let [here, edges] = [0, 0];
    for (let i = 0; i < PLACES; i++) {
      const angle = ((i + 0.5) / PLACES) * (Math.PI / 2);
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const on = (share: number) => {
        const [x, y] = [rx - rx * share * cos, ry - ry * share * sin];
        return [right ? left + width - x : left + x, bottom ? top + height - y : top + y] as const;
      };
      if (!inside(...on(1 + off))) continue;
      here++;
      const isPaper = difference(...on(1 + off)) <= tolerance;
      if (isPaper) paper++;
      if (!isPaper || difference(...on(1 - off)) <= Math.max(1.5 * tolerance, 14)) continue;
      edges++;
      near += difference(...on(1 - off));
      far += difference(...on(Math.max(1 - 4 * off, 0)));
    }
    all += here;
    seen += edges;
    least = Math.min(least, edges / here);
  }
  const sharp = near >= SHARP * far;
  return sharp && paper >= PAPER * all && all >= 2 * PLACES && least >= SEEN_CORNER ? seen / all : 0;
}

/** The ellipse through the ends of the paper on most rays. */
function ovalOf(paper: Paper, part: Rectangle): Round | undefined {
  const [a, b] = [part.width / 2, part.height / 2];
  const place = (u: number, v: number) => [part.left + a * (1 + u), part.top + b * (1 + v)] as const;
  const step = paper.step / Math.min(a, b);
  const rays = Array.from({ length: RAYS }, (_, i) => {
    const angle = (2 * Math.PI * (i + 0.5)) / RAYS;
    return [Math.cos(angle), Math.sin(angle)] as const;
  });
  /** The place between two shares of a ray's length where codes are off the paper's by more than that. */
  const end = ([cos, sin]: Point, from: number, to: number, by: number, most: number): Point | undefined => {
    for (let s = from, before = false; s > to; s -= by) {
      const [x, y] = place(s * cos, s * sin);
      const off = Math.abs(paper.at(x, y) - paper.level(x, y)) > most;
      if (off && before) return [(s + by) * cos, (s + by) * sin];
      before = off;
    }
    return undefined;
  };
  const outermost = ([cos, sin]: Point) => 1 / Math.max(Math.abs(cos), Math.abs(sin));
  const ends = rays.map((ray) => end(ray, outermost(ray), INNERMOST, step, paper.tolerance));
  const found = ends.filter((point) => point !== undefined);
  let [best, most] = [undefined as Ellipse | undefined, RAYS * SEEN];
  for (let i = 0; i < RAYS / 4; i++) {
    for (const shift of [0, 5, 11]) {
      const four = [0, 1, 2, 3].map((quarter) => ends[(i + (quarter * RAYS) / 4 + (quarter % 2) * shift) % RAYS]);
      const ellipse = four.every((point) => point !== undefined) ? fitted(four as Point[]) : undefined;
      const near = ellipse ? found.filter((point) => Math.abs(radius(ellipse, point) - 1) <= NEAR).length : 0;
      if (near > most) [best, most] = [ellipse, near];
    }
  }
  if (!best) return undefined;
  const first = fitted(found.filter((point) => Math.abs(radius(best, point) - 1) <= NEAR)) ?? best;
  // Again in whole pixels, where half of the edge is passed.
  const fine = rays.flatMap((ray) => {
    const s = crossing(first, ray);
    const [x, y] = place((s - 3 * step) * ray[0], (s - 3 * step) * ray[1]);
    const half = Math.abs(paper.at(x, y) - paper.level(x, y)) / 2;
    if (half <= paper.tolerance) return [];
    const point = end(ray, Math.min(s + 3 * step, outermost(ray)), s - 3 * step, 0.5 / Math.max(a, b), half);
    return point ? [point] : [];
  });
  const ellipse = fitted(fine) ?? first;
  const { u, v, ru, rv } = ellipse;
  if (!(Math.min(ru, rv) > INNERMOST && ru + Math.abs(u) < 1.03 && rv + Math.abs(v) < 1.03)) return undefined;
  const [left, top] = place(u - ru, v - rv);
  return { left, top, width: 2 * a * ru, height: 2 * b * rv, radii: [a * ru, b * rv], oval: true };
}

type Point = readonly [u: number, v: number];

/** Middle and radii. */
interface Ellipse {
  readonly u: number;
  readonly v: number;
  readonly ru: number;
  readonly rv: number;
}

const radius = ({ u, v, ru, rv }: Ellipse, [x, y]: Point) => Math.hypot((x - u) / ru, (y - v) / rv);

/** The share of a ray from 0 at which it crosses an ellipse around 0. */
function crossing({ u, v, ru, rv }: Ellipse, [cos, sin]: Point): number {
  const [x, y, m, n] = [cos / ru, sin / rv, u / ru, v / rv];
  const [p, q] = [x * x + y * y, x * m + y * n];
  return (q + Math.sqrt(Math.max(q * q - p * (m * m + n * n - 1), 0))) / p;
}

/** The upright ellipse through points, by least squares: `k0 u² + k1 v² + k2 u + k3 v = 1`. */
function fitted(points: readonly Point[]): Ellipse | undefined {
  if (points.length < 4) return undefined;
  const system = Array.from({ length: 4 }, () => new Float64Array(5));
  for (const [u, v] of points) {
    const row = [u * u, v * v, u, v, 1];
    for (let i = 0; i < 4; i++) for (let j = 0; j < 5; j++) system[i]![j]! += row[i]! * row[j]!;
  }
  const [k0, k1, k2, k3] = solved(system);
  const [u, v] = [-k2! / (2 * k0!), -k3! / (2 * k1!)];
  const size = 1 + k0! * u * u + k1! * v * v;
  const [ru, rv] = [Math.sqrt(size / k0!), Math.sqrt(size / k1!)];
  return Number.isFinite(ru + rv) ? { u, v, ru, rv } : undefined;
}

/** Solves a symmetric positive system of four equations, right side in the last column; changes it. */
function solved(system: Float64Array[]): number[] {
  for (let i = 0; i < 4; i++) {
    for (let k = 0; k < 4; k++) {
      const factor = system[k]![i]! / system[i]![i]!;
      if (k !== i) for (let j = i; j < 5; j++) system[k]![j]! -= factor * system[i]![j]!;
    }
  }
  return system.map((row, i) => row[4]! / row[i]!);
}
