/**
 * The service under load, over loopback, in a process of its own: 10,000 requests, 64 at once, of which 5 % are damaged, 2 % too
 * large, 2 % hang up and 1 % drip. The coloring is a stub of 1 ms: what is measured is the server.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundle } from '../../support/child.ts';
import { random } from '../../support/fixtures.ts';
import { post, raw, send } from '../../support/http_client.ts';
import { answerTo, BROKEN } from './stub.ts';

const REQUESTS = 10_000;
const AT_ONCE = 64;
/** Those before the first look at memory: code is compiled, pools are filled. */
const WARM = 2_000;

let folder: string;
let child: ChildProcess;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'koalarize-load-'));
  const outfile = join(folder, 'server.mjs');
  await bundle({ entryPoints: [join(import.meta.dirname, 'stub_server.ts')] }, outfile);
  child = fork(outfile, { execArgv: ['--expose-gc'] });
  [{ port }] = (await once(child, 'message')) as [{ port: number }];
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Look {
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly faults: number;
  readonly resources: readonly string[];
}

async function look(): Promise<Look> {
  child.send('look');
  const [told] = (await once(child, 'message')) as [Look];
  return told;
}

type Kind = 'right' | 'broken' | 'large' | 'hangs up' | 'drips';

function kindOf(fate: number): Kind {
  if (fate < 0.05) return 'broken';
  if (fate < 0.07) return 'large';
  if (fate < 0.09) return 'hangs up';
  return fate < 0.1 ? 'drips' : 'right';
}

/** Says half and leaves, at any time. */
function hangUp(bytes: Buffer, ms: number): Promise<string> {
  return new Promise((done) => {
    const sent = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/colorize',
      agent: false,
      headers: { 'content-length': bytes.length },
    });
    sent.on('error', () => undefined).on('response', (response) => response.resume());
    sent.on('close', () => done('gone'));
    // Some leave in the middle of the body, some while they wait.
    if (ms % 2 === 0) sent.end(bytes);
    else sent.write(bytes.subarray(0, bytes.length >> 1));
    setTimeout(() => sent.destroy(), ms);
  });
}

async function one(kind: Kind, agent: Agent, next: () => number): Promise<string> {
  const bytes = Buffer.alloc(100 + Math.floor(next() * 15_000), Math.floor(next() * 256));
  const strength = Math.round(next() * 20) / 10;
  switch (kind) {
    case 'right': {
      const reply = await post(port, bytes, `?strength=${strength}`, { agent });
      return reply.status === 200 && reply.body.toString() === answerTo(bytes, strength)
        ? 'right'
        : `wrong ${reply.status}`;
    }
    case 'broken':
      return String((await post(port, Buffer.concat([BROKEN, bytes]), '', { agent })).status);
    case 'large':
      return String((await post(port, Buffer.alloc(20_001 + bytes.length), '', { agent })).status);
    case 'hangs up':
      return hangUp(bytes, 1 + Math.floor(next() * 10));
    case 'drips': {
      const head = `POST /colorize HTTP/1.1\r\nhost: a\r\ncontent-length: ${bytes.length}\r\n\r\nx`;
      return /^HTTP\/1.1 (\d+)/.exec(await raw(port, head, 60_000))?.[1] ?? 'nothing';
    }
  }
}

test('10,000 requests, 64 at once: right answers, no leak, no crash', async () => {
  const next = random(11);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const outcomes = new Map<string, number>();
  const wanted = new Map<string, number>();
  const times: number[] = [];
  const lanes = async (count: number) => {
    let left = count;
    const lane = async () => {
      while (left-- > 0) {
        const kind = kindOf(next());
        const start = performance.now();
        const outcome = await one(kind, agent, next);
        if (kind === 'right') times.push(performance.now() - start);
        const due = { right: 'right', broken: '422', large: '413', 'hangs up': 'gone', drips: '408' }[kind];
        wanted.set(due, (wanted.get(due) ?? 0) + 1);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  };
  /** Looks when all connections are closed. */
  const settle = async () => {
    agent.destroy();
    await expect
      .poll(async () => /koalarize_connections (\d+)/.exec((await send(port, '/metrics')).body.toString())?.[1], {
        timeout: 10_000,
      })
      .toBe('1');
    return look();
  };
  const start = performance.now();
  await lanes(WARM);
  const before = await settle();
  await lanes((REQUESTS - WARM) / 2);
  const between = await settle();
  await lanes((REQUESTS - WARM) / 2);
  const seconds = (performance.now() - start) / 1000;
  const after = await settle();

  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.floor(q * (times.length - 1))]!.toFixed(1);
  const mega = (bytes: number) => (bytes / 1e6).toFixed(1);
  console.log(
    `${REQUESTS} requests in ${seconds.toFixed(1)} s; right ones: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms; ` +
      `memory of the process ${mega(before.rss)} → ${mega(between.rss)} → ${mega(after.rss)} MB, heap ${mega(before.heapUsed)} → ${mega(after.heapUsed)} MB, ` +
      `buffers ${mega(before.arrayBuffers)} → ${mega(between.arrayBuffers)} → ${mega(after.arrayBuffers)} MB; ` +
      `outcomes ${JSON.stringify(Object.fromEntries(outcomes))}`,
  );
  expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(wanted));
  expect(after.faults).toBe(0);
  expect(after.resources).toEqual(before.resources);
  // 8,000 requests more. A kilobyte left of each would be 8 MB.
  expect(after.heapUsed - before.heapUsed).toBeLessThan(4e6);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4e6);
  expect(after.rss - before.rss).toBeLessThan(64e6);
  const { body } = await send(port, '/metrics');
  for (const gauge of ['held_bytes', 'waiting', 'running']) expect(body.toString()).toContain(`koalarize_${gauge} 0\n`);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
