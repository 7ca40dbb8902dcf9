// channels_2: a thread transforms 2 channels: a square of them takes 72 registers at most, where Intel's GPUs have 128.

alias Channels = vec2f;
const PARTS = 2u; // of a vec4

fn widened(value: Channels) -> vec4f { return vec4f(value, value); }
fn narrowed(value: vec4f) -> Channels { return value.xy; }
