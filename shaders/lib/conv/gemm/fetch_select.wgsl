// fetch_select: fetches the next step's operands; what lies outside is zero, chosen as it is loaded.
// Needs:  left_at(index), right_at(index): elements of the factors.

// Where a vec4 is fetched from: index 0 where there is none, which counts as zeros.
struct Place {
  at: u32,
  inside: bool,
}

alias Fetched = vec4f;

fn fetch_left(place: Place) -> Fetched { return select(vec4f(), left_at(place.at), place.inside); }
fn fetch_right(place: Place) -> Fetched { return select(vec4f(), right_at(place.at), place.inside); }
fn value_of(fetched: Fetched, inside: bool) -> vec4f { return fetched; }
