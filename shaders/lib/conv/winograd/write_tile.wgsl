// write_tile: y = activation(A^T M A + bias + residual) for one tile and the channels of a thread, where M is its products.
// Layout: M [point][tile][channel]; y and residual NHWC.
// Needs:  OUTPUTS, POINTS, output_transform, Channels, PARTS, transform_square, activate from the variants; tile_unit.

const DOWN = POINTS;
const ACROSS = OUTPUTS;

fn write_tile(tile: u32, part: u32) {
  transform_square(unit_of(tile, part));
}

fn row_of(unit: Unit, i: u32) -> array<Channels, ACROSS> {
  let size = params.tiles * params.vectors * PARTS;
  var values: array<Channels, POINTS>;
  for (var j = 0u; j < POINTS; j++) { values[j] = m[(i * POINTS + j) * size + unit.at]; }
  return output_transform(values);
}

fn write_column(unit: Unit, j: u32, column: array<Channels, DOWN>) {
  let parts = params.vectors * PARTS;
  var offset = Channels();
  if (params.bias != 0) { offset = bias[select(0, unit.image * parts, params.bias == 2) + unit.part]; }
  let result = output_transform(column);
  for (var i = 0u; i < OUTPUTS; i++) {
    if (unit.row + i < params.out_height && unit.column + j < params.out_width) {
      let pixel = (unit.image * params.out_height + unit.row + i) * params.out_width + unit.column + j;
      var sum = result[i] + offset;
      if (params.residual != 0) { sum += residual[pixel * parts + unit.part]; }
      y[(pixel * params.out_stride + params.out_first) * PARTS + unit.part] = narrowed(activate(widened(sum)));
    }
  }
}
