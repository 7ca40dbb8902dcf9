/** Method of measurement, as told above the tables. */
import type { Ceilings } from './ceilings.ts';
import type { Rounds } from './measure.ts';

export function describeMethod({ least, most }: Rounds, ceilings: Ceilings): Record<string, string> {
  const { fmaGflops, copyGBs, copyBufferGBs, dispatchUs } = ceilings;
  return {
    times: `with data on the device, until the device is done (training: a batch in, a loss out); median and quartiles of ${least === most ? most : `${least} to ${most}`} samples, backends timed alternately`,
    rates:
      'GFLOP/s of the direct algorithm, so that others can be above 100 % of multiply-adds; bytes of all arrays once',
    ceilings: `measured: multiply-adds ${fmaGflops.toFixed(1)} GFLOP/s; copy ${copyGBs.toFixed(1)} GB/s by a kernel, ${copyBufferGBs.toFixed(1)} by copyBufferToBuffer; dispatch ${dispatchUs.toFixed(1)} µs`,
    'first call': 'with buffers, uploads and compilation, some of it shared with earlier rows or cached by the driver',
  };
}
