/** Choice of the cost model for one layer, as programs/layers.ts tells it. */
export interface Picked {
  readonly batch: number;
  readonly layer: string;
  readonly direction: 'forward' | 'inputGrad' | 'weightGrad';
  /** The best three, best first. */
  readonly algorithms: readonly string[];
  /** What the best one runs: names with their choices. */
  readonly kernels: readonly string[];
}
