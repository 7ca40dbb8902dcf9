// fetch_late: fetch_select.wgsl, with zero chosen as the operands are stored to workgroup memory. A choice at the load waits
// for it; Mesa's compilers do not move it past the multiplication.
// Needs:  left_at(index), right_at(index): elements of the factors.

// Where a vec4 is fetched from: index 0 where there is none, which counts as zeros.
struct Place {
  at: u32,
  inside: bool,
}

alias Fetched = vec4f;

fn fetch_left(place: Place) -> Fetched { return left_at(place.at); }
fn fetch_right(place: Place) -> Fetched { return right_at(place.at); }
fn value_of(fetched: Fetched, inside: bool) -> vec4f { return select(vec4f(), fetched, inside); }
