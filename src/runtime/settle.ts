/**
 * Structured concurrency: waits until all of several works are done, whether or not one of them fails; so that whoever
 * cleans up after a failure finds nothing under way.
 *
 * @throws what the first that failed, in their order, has thrown
 */
export async function settle<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
