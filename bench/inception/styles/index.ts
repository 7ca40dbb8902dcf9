/** All styles by name. */
import { type NetworkOptions, Walk } from '../architecture.ts';
import type { Parameters } from '../parameters.ts';
import { Constants } from './constants.ts';
import { Dynamo } from './dynamo.ts';
import { Float16 } from './float16.ts';
import type { Style } from './style.ts';
import { Tf2onnx } from './tf2onnx.ts';
import { TorchScript } from './torchscript.ts';
import { TwoHeads } from './two_heads.ts';

export const STYLES = {
  torchscript: TorchScript,
  dynamo: Dynamo,
  tf2onnx: Tf2onnx,
  float16: Float16,
  constants: Constants,
  'two-heads': TwoHeads,
} satisfies Record<string, new (options: NetworkOptions, parameters: Parameters) => Style>;

export type StyleName = keyof typeof STYLES;

export const STYLE_NAMES = Object.keys(STYLES) as StyleName[];

/** Writes the whole network in one style. */
export function writeNetwork(name: StyleName, options: NetworkOptions, parameters: Parameters): Style {
  const style: Style = new STYLES[name](options, parameters);
  const { features, middle } = new Walk(style, options.widthDivisor).network(style.image());
  style.head(features, middle);
  return style;
}
