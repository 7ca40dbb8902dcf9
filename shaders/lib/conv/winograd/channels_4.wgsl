// channels_4: a thread transforms 4 channels.

alias Channels = vec4f;
const PARTS = 1u; // of a vec4

fn widened(value: Channels) -> vec4f { return value; }
fn narrowed(value: vec4f) -> Channels { return value; }
