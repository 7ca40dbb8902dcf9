// write_tile: y = activation(A^T M A + bias + residual) for one tile and 4 channels, where M is its products.
// Layout: M [point][tile][channel]; y and residual NHWC.
// Needs:  OUTPUTS, POINTS, output_transform, activate from the variants.

fn write_tile(tile: u32, vector: u32) {
  let size = params.tiles * params.vectors;
  let unit = tile * params.vectors + vector;
  let index = params.tile_first + tile;
  let column = index % params.tiles_x * OUTPUTS;
  let row = index / params.tiles_x % params.tiles_y * OUTPUTS;
  let image = index / params.tiles_x / params.tiles_y;

  // A queue, for constant indices: so drivers keep it in registers. They unroll no loop whose length is a parameter;
  // unrolled, lavapipe needs ten seconds to compile the loads and stores.
  var rows: array<array<vec4f, OUTPUTS>, POINTS>;
  for (var i = 0u; i < params.points; i++) {
    var values: array<vec4f, POINTS>;
    for (var j = 0u; j < POINTS; j++) { values[j] = m[(i * POINTS + j) * size + unit]; }
    for (var k = 1u; k < POINTS; k++) { rows[k - 1] = rows[k]; }
    rows[POINTS - 1] = output_transform(values);
  }
  var offset = vec4f();
  if (params.bias != 0) { offset = bias[select(0, image * params.vectors, params.bias == 2) + vector]; }
  for (var j = 0u; j < params.points - 2; j++) {
    var values: array<vec4f, POINTS>;
    for (var i = 0u; i < POINTS; i++) {
      values[i] = rows[i][0];
      for (var k = 1u; k < OUTPUTS; k++) { rows[i][k - 1] = rows[i][k]; }
    }
    let result = output_transform(values);
    for (var i = 0u; i < OUTPUTS; i++) {
      if (row + i < params.out_height && column + j < params.out_width) {
        let pixel = (image * params.out_height + row + i) * params.out_width + column + j;
        var sum = result[i] + offset;
        if (params.residual != 0) { sum += residual[pixel * params.vectors + vector]; }
        y[pixel * params.out_stride + params.out_first + vector] = activate(sum);
      }
    }
  }
}
