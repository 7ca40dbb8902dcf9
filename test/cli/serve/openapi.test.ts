/** The OpenAPI description says what the service really does: each option and its ends, each path, each status. */
import { expect, test } from 'vitest';
import { openapi } from '../../../src/cli/serve/openapi.ts';
import { readQuery } from '../../../src/cli/serve/query.ts';
import { REFUSALS } from '../../../src/cli/serve/refusal.ts';
import { Service } from '../../../src/cli/serve/service.ts';
import { post, send } from '../../support/http_client.ts';
import { BROKEN, stub } from './stub.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly default?: unknown;
}
interface Operation {
  readonly parameters?: readonly { name: string; in: string; schema: Schema; description: string }[];
  readonly responses: Readonly<Record<string, { description: string; content: object; headers?: object }>>;
  readonly security?: unknown;
}
interface Description {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, { get?: Operation; post?: Operation }>>;
}

const description = openapi('1.2.3', true) as Description;
const { parameters = [], responses } = description.paths['/colorize']!.post!;
const takes = (name: string, value: unknown) => {
  try {
    readQuery(new URLSearchParams([[name, String(value)]]).toString());
    return true;
  } catch {
    return false;
  }
};

test('every option of the service is described, and no other', () => {
  let expected = '';
  try {
    readQuery('nothing');
  } catch (error) {
    expected = (error as { expected: string }).expected;
  }
  expect(parameters.map(({ name }) => name).join(', ')).toBe(expected.replace('options ', ''));
  for (const { description: text, in: place } of parameters) expect([place, text.length > 20]).toEqual(['query', true]);
});

test.each(parameters)('$name takes what is described, and nothing beyond', ({ name, schema }) => {
  const { type, enum: choices = [], minimum, maximum, pattern } = schema;
  expect(takes(name, 'nonsense')).toBe(false);
  for (const choice of choices) expect(takes(name, choice), choice).toBe(true);
  const step = type === 'integer' ? 1 : 1e-6;
  if (minimum !== undefined) expect([takes(name, minimum), takes(name, minimum - step)]).toEqual([true, false]);
  if (maximum !== undefined) expect([takes(name, maximum), takes(name, maximum + step)]).toEqual([true, false]);
  if (type === 'integer') expect(takes(name, (minimum ?? 0) + 0.5)).toBe(false);
  if (type === 'boolean') expect([takes(name, true), takes(name, false)]).toEqual([true, true]);
  for (const word of pattern ? ['auto', 'none', '12', '5%', '2.5%', 'x', '-1', '5 %', '1.5', ''] : []) {
    expect(takes(name, word), word).toBe(new RegExp(pattern!).test(word));
  }
  expect(
    choices.length + Number(minimum !== undefined) + Number(type === 'boolean') + (pattern?.length ?? 0),
  ).toBeGreaterThan(0);
  // What is not given is the default, except where that is the picture's or the weights' own.
  if (schema.default !== undefined && name !== 'page') {
    expect(readQuery(`${name}=${schema.default}`)).toEqual(readQuery(''));
  }
});

test('every path and status that is described is given, as it is described', async () => {
  const token = '0123456789abcdef';
  const options = { color: stub(100), maxBytes: 100, timeout: 1, version: '1.2.3', onFault: () => undefined, token };
  const service = new Service({ ...options, queue: 0 });
  const { port } = await service.listen(0, '127.0.0.1');
  const authorization = `Bearer ${token}`;
  const bearing = (headers: object = {}) => ({ headers: { authorization, ...headers } });
  const seen = new Set<number>();
  const told = new Set<string>();
  const check = (reply: Awaited<ReturnType<typeof send>>) => {
    const { status, headers } = reply;
    seen.add(status);
    const described = responses[status];
    expect(described, String(status)).toBeDefined();
    expect(Object.keys(described!.content)).toContain(headers['content-type']);
    if (status === 200) {
      const own = Object.keys(headers).filter((name) => name.startsWith('koalarize-'));
      own.map((name) => told.add(name));
      return;
    }
    for (const name of Object.keys(described!.headers ?? {})) expect(headers[name.toLowerCase()], name).toBeDefined();
    expect(JSON.parse(reply.body.toString()).error).toMatchObject({
      expected: expect.any(String),
      got: expect.any(String),
    });
  };
  check(await post(port, 'a', '', bearing()));
  for (const format of ['webp', 'gif']) check(await post(port, 'a', `?format=${format}`, bearing()));
  check(await post(port, 'a', '?strength=x', bearing()));
  check(await post(port, 'a'));
  check(await post(port, 'a', '', bearing({ 'sec-fetch-site': 'cross-site' })));
  check(await send(port, '/colorize', bearing()));
  check(await send(port, '/colorize', { method: 'POST', ...bearing({ 'content-length': 9 }), body: Buffer.from('a') }));
  check(await send(port, '/colorize', { method: 'DELETE', ...bearing() }));
  check(await post(port, Buffer.alloc(101), '', bearing()));
  check(await post(port, 'a', '', bearing({ 'content-encoding': 'br' })));
  check(await post(port, 'a', '', bearing({ expect: 'more' })));
  check(await post(port, BROKEN, '', bearing()));
  check(await post(port, 'a', '', bearing({ cookie: 'a'.repeat(20_000) })));
  check(await post(port, 'fault', '', bearing()));
  // Two are colored at a time, and none may wait.
  for (const reply of await Promise.all(Array.from({ length: 12 }, () => post(port, 'a', '', bearing())))) check(reply);

  for (const [path, { get }] of Object.entries(description.paths)) {
    if (!get) continue;
    const reply = await send(port, path, bearing());
    expect(reply.status, path).toBe(200);
    expect(reply.headers['content-type'], path).toContain(Object.keys(get.responses[200]!.content)[0]);
    if (get.security) expect((await send(port, path)).status).toBe(401);
  }
  expect([...told].sort()).toEqual(
    Object.keys(responses[200]!.headers!)
      .map((name) => name.toLowerCase())
      .sort(),
  );
  const served = JSON.parse((await send(port, '/openapi.json')).body.toString());
  expect(served).toEqual(JSON.parse(JSON.stringify(description)));
  await service.stop();
  // 411 needs a request that Node's own client does not send, and is in service.test.ts; 404 is of no path here.
  const all = Object.keys(REFUSALS)
    .map(Number)
    .filter((status) => ![404, 411].includes(status));
  expect([...seen].sort()).toEqual([200, ...all].sort());
});
