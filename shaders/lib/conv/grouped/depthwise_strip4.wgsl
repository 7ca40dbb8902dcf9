// depthwise_strip4: four neighboring outputs of conv_depthwise.

const STRIP = 4u;
alias Strip = vec4f;

fn strip(v: array<f32, SPAN>, i: u32) -> Strip { return vec4f(v[i], v[i + STEP], v[i + 2 * STEP], v[i + 3 * STEP]); }

fn output(sum: Strip, p: u32) -> f32 { return sum[p]; }
