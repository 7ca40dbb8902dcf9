/** Values made once for each object that they belong to, such as a device, and gone with it. */

/** Returns a function that makes the value of an object when it is first asked for. */
export function onceFor<K extends WeakKey, T>(make: (owner: K) => T): (owner: K) => T {
  const made = new WeakMap<K, { readonly value: T }>();
  return (owner) => {
    const known = made.get(owner) ?? { value: make(owner) };
    made.set(owner, known);
    return known.value;
  };
}
