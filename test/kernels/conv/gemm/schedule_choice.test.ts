/** Which schedule a device gets: the choice is made here alone. */
import { expect, test } from 'vitest';
import { alternativeFor, productsFor, scheduleFor } from '../../../../src/kernels/conv/gemm/schedule_choice.ts';
import { squareFor, weightSquareFor } from '../../../../src/kernels/conv/winograd/squares.ts';
import type { DeviceTraits } from '../../../../src/kernels/core/emit.ts';

const of = (vendor: string, software = false): DeviceTraits => ({
  software,
  vendor,
  subgroupSize: 0,
  maxStorageBufferBindingSize: 2 ** 27,
});
/** Of the tiles 32x32 and 64x64, 128x64, 128x128, and 64x128; and of Winograd's products. */
const [small, few, many, more, most] = [
  { sums: 32, loads: 4 },
  { sums: 32, loads: 3 },
  { sums: 64, loads: 2 },
  { sums: 64, loads: 3 },
  { sums: 64, loads: 4 },
];
const all = [small, few, many, more, most];

test('software drivers, and GPUs of which nothing is known, get the plain schedule', () => {
  for (const traits of [of('mesa', true), of('intel', true), of(''), of('apple')]) {
    for (const held of all) expect([scheduleFor(traits, held), productsFor(traits, held)]).toEqual(['plain', 'of_4']);
  }
});

test('a vendor gets the one that its compiler overlaps, and the tuner another', () => {
  const schedules = (vendor: string) => all.map((held) => scheduleFor(of(vendor), held));
  expect(schedules('amd')).toEqual(['unrolled', 'unrolled', 'unrolled', 'unrolled', 'unrolled']);
  expect(schedules('nvidia')).toEqual(['plain', 'plain', 'unrolled', 'unrolled', 'unrolled']);
  expect(schedules('intel')).toEqual(['plain', 'late', 'late', 'plain', 'plain']);
  const others = (vendor: string) => all.map((held) => alternativeFor(of(vendor), held));
  expect(others('amd')).toEqual(['plain', 'plain', 'plain', 'plain', 'plain']);
  expect(others('nvidia')).toEqual(['unrolled', 'unrolled', 'plain', 'plain', 'plain']);
  expect(others('intel')).toEqual(['late', 'plain', 'plain', 'late', 'late']);
});

test('on AMD and Intel x lies by channels where there are many sums', () => {
  const products = (vendor: string) => all.map((held) => productsFor(of(vendor), held));
  expect(products('intel')).toEqual(['of_4', 'of_4', 'turned', 'turned', 'turned']);
  expect(products('amd')).toEqual(['of_4', 'of_4', 'turned', 'turned', 'turned']);
  expect(products('nvidia')).toEqual(['of_4', 'of_4', 'of_4', 'of_4', 'of_4']);
});

test("Winograd's transforms: a queue for software, plain arrays for GPUs, of 2 channels on Intel where 4 do not fit", () => {
  expect([24, 36].map((elements) => squareFor(of('', true), elements))).toEqual(['queue', 'queue']);
  expect([24, 36].map((elements) => squareFor(of('nvidia'), elements))).toEqual(['plain', 'plain']);
  expect([24, 36].map((elements) => squareFor(of('intel'), elements))).toEqual(['plain', 'narrow']);
  expect([of('mesa', true), of('intel')].map(weightSquareFor)).toEqual(['queue', 'plain']);
});
