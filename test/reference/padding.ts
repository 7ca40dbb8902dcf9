/** What lies between a tensor's end and the end of its last vec4, in tests: neither zero nor NaN. */
const GARBAGE = 7;

/** `data`, filled up to whole vec4s by numbers that must not count. */
export function withGarbage(data: Float32Array): Float32Array<ArrayBuffer> {
  const padded = new Float32Array(Math.ceil(data.length / 4) * 4).fill(GARBAGE);
  padded.set(data);
  return padded;
}

/** True if everything behind the first `count` numbers is as `withGarbage` made it. */
export function isGarbage(padded: Float32Array, count: number): boolean {
  return padded.slice(count).every((value) => value === GARBAGE);
}
