/** Process of its own with a service whose coloring is a stub; its parent asks how it is, by IPC. */
import { Service } from '../../../src/cli/serve/service.ts';
import { stub } from './stub.ts';

let faults = 0;
const limits = { queue: 64, maxBytes: 20_000, timeout: 5, version: '1.2.3' };
const service = new Service({ ...limits, color: stub(1), onFault: () => faults++ });
const { port } = await service.listen(0, '127.0.0.1');
process.on('message', async () => {
  // A refused body is read past for 2 seconds at most.
  await new Promise((turn) => setTimeout(turn, 2500));
  // The memory of buffers is given back after the collection that finds them unused.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((turn) => setTimeout(turn, 100));
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  process.send?.({ rss, heapUsed, arrayBuffers, faults, resources: process.getActiveResourcesInfo().sort() });
});
process.on('SIGTERM', () => service.stop().then(() => process.exit(0)));
process.send?.({ port });
