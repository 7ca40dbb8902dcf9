/** The HTTP service with a coloring that is a stub: statuses, limits, the queue, who hangs up, and the end. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Color } from '../../../src/cli/serve/color.ts';
import { Service, type ServiceOptions } from '../../../src/cli/serve/service.ts';
import { random } from '../../support/fixtures.ts';
import { post, type Reply, raw, send } from '../../support/http_client.ts';
import { answerTo, BROKEN, stub } from './stub.ts';

const TOKEN = '0123456789abcdef';

interface Started {
  readonly port: number;
  readonly service: Service;
  readonly faults: unknown[];
}

async function start(options: Partial<ServiceOptions> = {}): Promise<Started> {
  const faults: unknown[] = [];
  const service = new Service({
    color: stub(1),
    queue: 4,
    maxBytes: 1000,
    timeout: 5,
    version: '1.2.3',
    onFault: (error) => faults.push(error),
    ...options,
  });
  const { port } = await service.listen(0, '127.0.0.1');
  onTestFinished(() => service.stop());
  return { port, service, faults };
}

/** Where, expected, got and hint of a refusal. */
function errorOf({ headers, body }: Reply): Record<string, string> {
  expect(headers['content-type']).toBe('application/json');
  return JSON.parse(body.toString()).error;
}

/** A coloring that waits until it is told to go on. */
function held() {
  const begun: Uint8Array[] = [];
  const go: (() => void)[] = [];
  const color: Color = async (body, request, gone) => {
    begun.push(body);
    await new Promise<void>((on) => go.push(on));
    return stub(0)(body, request, gone);
  };
  return { begun, color, letGo: () => go.splice(0).map((on) => on()) };
}

async function metric(port: number, name: string): Promise<number> {
  const { body } = await send(port, '/metrics');
  const line = body
    .toString()
    .split('\n')
    .find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1));
}

test('answers the colored picture, with its format, warnings and border', async () => {
  const { port } = await start();
  const plain = await post(port, 'a picture');
  expect([plain.status, plain.headers['content-type'], plain.body.toString()]).toEqual([
    200,
    'image/png',
    answerTo(Buffer.from('a picture')),
  ]);
  expect(plain.headers['koalarize-warnings']).toBeUndefined();
  const gif = await post(port, 'b', '?format=gif&strength=1.5');
  expect([gif.headers['content-type'], gif.body.toString()]).toEqual(['image/gif', answerTo(Buffer.from('b'), 1.5)]);
  expect(JSON.parse(String(gif.headers['koalarize-warnings']))).toEqual(['picture: Δ is “not” ASCII']);
  const { headers } = await post(port, 'c', '?format=webp');
  expect([headers['koalarize-border'], headers['koalarize-corners']]).toEqual(['1 2 3 4', '5 6']);
  expect([plain.headers['koalarize-border'], plain.headers['koalarize-corners']]).toEqual([undefined, undefined]);
});

test('options are checked as those of the command line are', async () => {
  const { port } = await start();
  const refusal = async (query: string) => {
    const reply = await post(port, 'a', query);
    expect(reply.status, query).toBe(400);
    return errorOf(reply);
  };
  expect(await refusal('?strength=11')).toEqual({ where: 'strength', expected: 'a number from 0 to 10', got: "'11'" });
  expect(await refusal('?strenght=1')).toMatchObject({ where: 'query', hint: "did you mean 'strength'?" });
  expect(await refusal('?border=x')).toMatchObject({
    expected: 'auto, none, pixels such as 12, or percent such as 5%',
  });
  expect(await refusal('?keep-color=maybe')).toMatchObject({ expected: 'true, false or nothing' });
  expect(await refusal('?keep-color=constructor')).toMatchObject({ got: "'constructor'" });
  expect(await refusal('?page=0')).toMatchObject({ where: 'page' });
  expect(await refusal('?quality=best&quality=fast')).toMatchObject({ expected: 'one value', got: 'several' });
  expect(await refusal('?__proto__=1')).toMatchObject({ where: 'query' });
  expect(await refusal('?tune')).toMatchObject({ where: 'query' });
  for (const query of ['?border=5%', '?border=5%25', '?keep-color', '?keep-color=false', '?page=2&render-size=64']) {
    expect((await post(port, 'a', query)).status, query).toBe(200);
  }
});

test('refuses what is no picture, too large, of no length, elsewhere, or asked otherwise', async () => {
  const { port, faults } = await start();
  const broken = await post(port, BROKEN);
  expect([broken.status, errorOf(broken)]).toEqual([
    422,
    { where: 'picture', expected: 'a whole image', got: 'half of one', hint: 'get another' },
  ]);
  expect(errorOf(await post(port, Buffer.alloc(1001)))).toMatchObject({ expected: 'at most 1000 bytes', got: '1001' });
  const chunked = { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: Buffer.alloc(5000) };
  expect((await send(port, '/colorize', chunked)).status).toBe(413);
  expect(await raw(port, 'POST /colorize HTTP/1.1\r\nhost: a\r\n\r\n', 300)).toMatch(
    /^HTTP\/1.1 411 .*"expected":"a length"/s,
  );
  expect((await post(port, 'a', '', { headers: { 'content-type': 'multipart/form-data' } })).status).toBe(415);
  expect((await post(port, 'a', '', { headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
  expect((await post(port, 'a', '', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  expect((await post(port, 'a', '', { headers: { expect: 'wonders' } })).status).toBe(417);
  const [get, other, put] = [
    await send(port, '/colorize'),
    await send(port, '/nowhere'),
    await send(port, '/ready', { method: 'PUT' }),
  ];
  expect([get.status, get.headers.allow, other.status, put.status, put.headers.allow]).toEqual([
    405,
    'POST',
    404,
    405,
    'GET, HEAD',
  ]);
  expect((await send(port, '/__proto__')).status).toBe(404);
  expect(faults).toEqual([]);
  const fault = await post(port, 'fault');
  expect([fault.status, faults.map(String)]).toEqual([500, ['TypeError: secret of the inside']]);
  expect(fault.body.toString()).not.toContain('secret');
});

test('what is too large is refused before it is sent, where the client waits for that', async () => {
  const { port } = await start();
  const ask = (length: number) =>
    raw(port, `POST /colorize HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`, 300);
  expect(await ask(1001)).toMatch(/^HTTP\/1.1 413 /);
  expect(await ask(1000)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
});

test('a token is demanded for pictures and metrics, and for nothing else', async () => {
  const { port } = await start({ token: TOKEN });
  const bearing = (value: string) => ({ headers: { authorization: value } });
  const none = await post(port, 'a');
  expect([none.status, none.headers['www-authenticate'], errorOf(none).got]).toEqual([401, 'Bearer', 'none']);
  for (const wrong of ['Bearer 0123456789abcdeF', `Basic ${TOKEN}`, `Bearer ${TOKEN}0`, 'Bearer']) {
    expect((await post(port, 'a', '', bearing(wrong))).status, wrong).toBe(401);
  }
  expect((await post(port, 'a', '', bearing(`Bearer ${TOKEN}`))).status).toBe(200);
  expect([
    (await send(port, '/metrics')).status,
    (await send(port, '/metrics', bearing(`bearer ${TOKEN}`))).status,
  ]).toEqual([401, 200]);
  for (const path of ['/health', '/ready', '/openapi.json']) expect((await send(port, path)).status).toBe(200);
});

test('the queue is bounded: 503, with when to try again', async () => {
  const { begun, color, letGo } = held();
  const { port } = await start({ color, queue: 1 });
  const taken = ['a', 'b', 'c'].map((body) => post(port, body));
  await expect.poll(() => metric(port, 'koalarize_waiting')).toBe(1);
  expect(begun).toHaveLength(2);
  const refused = await post(port, 'd');
  expect([refused.status, refused.headers['retry-after'], errorOf(refused).where]).toEqual([503, '1', 'queue']);
  letGo();
  await expect.poll(() => begun.length).toBe(3);
  letGo();
  expect((await Promise.all(taken)).map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('who hangs up is dropped from the queue, and not colored', async () => {
  const { begun, color, letGo } = held();
  const { port } = await start({ color });
  const first = ['a', 'b'].map((body) => post(port, body));
  await expect.poll(() => begun.length).toBe(2);
  const left = request({ port, method: 'POST', path: '/colorize', headers: { 'content-length': 4 } });
  left.on('error', () => undefined).end('left');
  await expect.poll(() => metric(port, 'koalarize_waiting')).toBe(1);
  left.destroy();
  await expect.poll(() => metric(port, 'koalarize_waiting')).toBe(0);
  expect(await metric(port, 'koalarize_requests_total{outcome="hung_up"}')).toBe(1);
  letGo();
  await Promise.all(first);
  expect(begun.map((body) => Buffer.from(body).toString()).sort()).toEqual(['a', 'b']);
  expect(await metric(port, 'koalarize_held_bytes')).toBe(0);
});

test('who sends slowly holds nobody up, and is refused in time', async () => {
  const { port } = await start({ timeout: 1 });
  const slow = Array.from({ length: 20 }, () =>
    raw(port, 'POST /colorize HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf', 5000),
  );
  await wait(100);
  expect((await post(port, 'a')).status).toBe(200);
  for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1.1 408 .*"got":"a part"/s);
  expect(await metric(port, 'koalarize_held_bytes')).toBe(0);
});

test('stopping: what was taken is finished, nothing more is taken', async () => {
  const { begun, color, letGo } = held();
  const { port, service } = await start({ color });
  const idle = connect(port, '127.0.0.1');
  idle.on('error', () => undefined);
  const taken = ['a', 'b', 'c'].map((body) => post(port, body));
  await expect.poll(() => metric(port, 'koalarize_waiting')).toBe(1);
  const stopped = service.stop();
  await expect(post(port, 'd')).rejects.toThrow(/ECONNREFUSED/);
  await once(idle, 'close');
  letGo();
  await expect.poll(() => begun.length).toBe(3);
  letGo();
  for (const [i, reply] of (await Promise.all(taken)).entries()) {
    expect([reply.status, reply.headers.connection, reply.body.toString()]).toEqual([
      200,
      'close',
      answerTo(Buffer.from('abc'[i]!)),
    ]);
  }
  await stopped;
});

test('metrics count requests, pixels and time', async () => {
  const { port } = await start();
  for (const body of ['a', 'b', BROKEN]) await post(port, body);
  const { headers, body } = await send(port, '/metrics');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4');
  const text = body.toString();
  expect(text).toContain('koalarize_requests_total{outcome="200"} 2\nkoalarize_requests_total{outcome="422"} 1\n');
  expect(text).toContain('koalarize_pixels_total 400\n');
  expect(text).toMatch(
    /koalarize_seconds_bucket\{le="\+Inf"\} 2\nkoalarize_seconds_sum [\d.e-]+\nkoalarize_seconds_count 2\n/,
  );
  expect(await metric(port, 'koalarize_ready')).toBe(1);
  expect(await metric(port, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
  // Every line is a comment or a sample.
  for (const line of text.trim().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]+"\})? [\d.e+-]+)$/);
});

test('the page is served where it is given, from its list of files', async () => {
  const headers = { 'content-type': 'text/html' };
  const { port } = await start({ page: new Map([['/', { body: Buffer.from('page'), headers }]]) });
  const reply = await send(port, '/');
  expect([reply.status, reply.headers['content-type'], reply.body.toString()]).toEqual([200, 'text/html', 'page']);
  const head = await send(port, '/', { method: 'HEAD' });
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '4', 0]);
  expect((await send(port, '/../package.json')).status).toBe(404);
});

test('fuzzed requests are refused or closed, and the next one is served', async () => {
  const { port, faults } = await start({ timeout: 1 });
  const next = random(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const noise = (length: number) => String.fromCharCode(...Array.from({ length }, () => Math.floor(next() * 256)));
  const lines = () => [
    `${pick(['POST', 'GET', 'PUT', 'M-SEARCH', '', noise(5)])} ${pick(['/colorize', '/', '*', 'http://a/colorize', '//', noise(9)])}${pick(['', '?', `?strength=${noise(6)}`, `?${noise(12)}`, '?border=%', `?a${'&b=c'.repeat(300)}`])} ${pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/9', ''])}`,
    pick(['host: a', '', `host: ${noise(4)}`]),
    pick([
      'content-length: 3',
      'content-length: -1',
      'content-length: 99999999999999999999',
      'content-length: 3\r\ncontent-length: 4',
      'transfer-encoding: chunked',
      'transfer-encoding: chunked\r\ncontent-length: 3',
      'expect: 100-continue',
      'upgrade: h2c\r\nconnection: upgrade',
      `x: ${'y'.repeat(20_000)}`,
      `${noise(8)}: ${noise(8)}`,
    ]),
    pick([`authorization: ${noise(30)}`, 'connection: close', 'sec-fetch-site: cross-site', 'cookie: a=b']),
  ];
  const statuses = new Map<string, number>();
  for (let round = 0; round < 40; round++) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        raw(
          port,
          Buffer.from(`${lines().join('\r\n')}\r\n\r\n${pick(['abc', 'zz\r\n', '', noise(50)])}`, 'latin1'),
          250,
        ),
      ),
    );
    for (const answer of answers) {
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? (answer && 'no HTTP');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect((await post(port, 'a')).body.toString()).toBe(answerTo(Buffer.from('a')));
  }
  expect(faults).toEqual([]);
  expect(statuses.has('no HTTP')).toBe(false);
  expect(statuses.has('500')).toBe(false);
  expect(statuses.get('400')).toBeGreaterThan(20);
  for (const status of ['404', '405', '431']) expect(statuses.get(status), status).toBeGreaterThan(0);
  await expect.poll(() => metric(port, 'koalarize_held_bytes')).toBe(0);
});
