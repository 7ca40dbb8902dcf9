import vec4f from '../../../shaders/lib/is_nan.wgsl';

/** NaN, told by its bits: drivers take v != v for false, and WGSL lets them assume that there is no NaN. */
const define = (type: string, bool: string, bits: string) => `fn is_nan(v: ${type}) -> ${bool} {
  return (bitcast<${bits}>(v) & ${bits}(0x7fffffff)) > ${bits}(0x7f800000);
}`;

/** WGSL of `is_nan(v)`, by the type of v. */
export const isNan = {
  f32: define('f32', 'bool', 'u32'),
  vec2f: define('vec2f', 'vec2<bool>', 'vec2u'),
  vec4f,
} as const;
