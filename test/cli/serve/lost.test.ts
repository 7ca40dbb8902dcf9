/** `koalarize serve` whose device is lost under it: what it took is answered, nothing more is taken, and it ends as failed. */
import { expect, test } from 'vitest';
import { serveCommand } from '../../../src/cli/serve/index.ts';
import { encodeImage } from '../../../src/image/node.ts';
import { Colorizer } from '../../../src/model/colorizer.ts';
import { noise } from '../../support/fixtures.ts';
import { post, send } from '../../support/http_client.ts';
import { freePort } from '../../support/queue_servers.ts';
import { captured } from '../../support/run.ts';

test('pictures on the device and those that wait get 503, and the exit code is 1', async () => {
  const port = await freePort();
  let colorizer: Colorizer | undefined;
  let begun = 0;
  let open: (() => void) | undefined;
  let gate = Promise.resolve();
  const ended = captured(() =>
    serveCommand(['--port', String(port)], async (options) => {
      colorizer = await Colorizer.load(options);
      const color = colorizer.chroma.bind(colorizer);
      // Two are worked on at a time: the device is lost while both are.
      colorizer.chroma = async (...args) => {
        await gate;
        const colored = color(...args);
        if (++begun === 2) colorizer!.gpu.device.destroy();
        return colored;
      };
      return colorizer;
    }),
  );
  const ready = () =>
    send(port, '/ready').then(
      ({ status }) => status,
      () => undefined,
    );
  await expect.poll(ready, { timeout: 200_000, interval: 200 }).toBe(200);
  begun = 0;
  gate = new Promise((opened) => (open = opened));
  const { bytes } = await encodeImage('a.png', noise(96, 64, { grey: true }));
  const posted = Promise.all(Array.from({ length: 5 }, () => post(port, bytes)));
  const metrics = async () => (await send(port, '/metrics')).body.toString();
  await expect.poll(metrics, { timeout: 60_000 }).toContain('\nkoalarize_waiting 3\n');
  open!();
  const replies = await posted;
  const told = replies.map(({ status, headers, body }) => [
    status,
    headers['retry-after'],
    JSON.parse(body.toString()).error.where,
  ]);
  expect(told).toEqual(replies.map(() => [503, '5', 'service']));
  const { code, err } = await ended;
  expect([code, err]).toEqual([1, expect.stringMatching(/\nfailed: the device was lost: /)]);
  expect(await ready()).toBeUndefined();
  await colorizer!.close();
});
