/** Turn of the event loop: timers, answers and whatever else waits are run before what follows. */
export function turn(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
