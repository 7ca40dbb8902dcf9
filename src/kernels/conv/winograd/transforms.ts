/** Tiles of Winograd's algorithm, and the WGSL of their transforms along one axis: see shaders/lib/conv/winograd/winograd_4.wgsl. */
import winograd2 from '../../../../shaders/lib/conv/winograd/winograd_2.wgsl';
import winograd4 from '../../../../shaders/lib/conv/winograd/winograd_4.wgsl';

/** The outputs of a tile along one axis. */
export type OutputTile = '4' | '2';

/** The products of a tile along one axis. */
export const points = (tile: OutputTile): number => Number(tile) + 2;

/** `OUTPUTS`, `POINTS`, and the transforms of inputs, weights, outputs and their gradients, from and to points. */
export const tileTransforms = { '4': winograd4, '2': winograd2 } as const satisfies Record<OutputTile, string>;
