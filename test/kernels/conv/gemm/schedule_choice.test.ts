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
const few = { sums: 32, loads: 4 };
const many = { sums: 64, loads: 2 };
const most = { sums: 64, loads: 4 };

test('software drivers, and GPUs of which nothing is known, get the plain schedule', () => {
  for (const traits of [of('mesa', true), of('intel', true), of(''), of('apple')]) {
    for (const held of [few, many, most])
      expect([scheduleFor(traits, held), productsFor(traits, held)]).toEqual(['plain', 'of_4']);
  }
});

test('a vendor gets the one that its compiler overlaps, and the tuner another', () => {
  const schedules = (vendor: string) => [few, many, most].map((held) => scheduleFor(of(vendor), held));
  expect(schedules('amd')).toEqual(['unrolled', 'unrolled', 'unrolled']);
  expect(schedules('nvidia')).toEqual(['plain', 'unrolled', 'unrolled']);
  const others = (vendor: string) => [few, many, most].map((held) => alternativeFor(of(vendor), held));
  expect(others('amd')).toEqual(['plain', 'plain', 'plain']);
  expect(others('nvidia')).toEqual(['unrolled', 'plain', 'plain']);
  expect(others('intel')).toEqual(['unrolled', 'unrolled', 'unrolled']);
});

test('on Intel fewer registers are held where there are many sums', () => {
  const intel = of('intel');
  expect([few, many, most].map((held) => scheduleFor(intel, held))).toEqual(['late', 'late', 'plain']);
  expect([few, many, most].map((held) => productsFor(intel, held))).toEqual(['of_4', 'of_1', 'of_1']);
  expect([few, many, most].map((held) => productsFor(of('amd'), held))).toEqual(['of_4', 'of_4', 'of_4']);
});

test("Winograd's transforms: a queue for software, plain arrays for GPUs, of 2 channels on Intel where 4 do not fit", () => {
  expect([24, 36].map((elements) => squareFor(of('', true), elements))).toEqual(['queue', 'queue']);
  expect([24, 36].map((elements) => squareFor(of('nvidia'), elements))).toEqual(['plain', 'plain']);
  expect([24, 36].map((elements) => squareFor(of('intel'), elements))).toEqual(['plain', 'narrow']);
  expect([of('mesa', true), of('intel')].map(weightSquareFor)).toEqual(['queue', 'plain']);
});
