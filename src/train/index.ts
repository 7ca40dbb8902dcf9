/** Entry to training, for networks of your own: pictures as a `Dataset`, a `Trainer`, and `train`, the loop around both. */

export { encodeWeights, readState, type TrainingState } from './checkpoint.ts';
export { type Dataset, sourceSize } from './data/batch.ts';
export { type StepReport, type TrainOptions, train } from './loop.ts';
export type { NetworkBuilder } from './loss.ts';
export { Trainer, type TrainerConfig, type TrainerOptions } from './trainer.ts';
