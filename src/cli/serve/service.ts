/**
 * HTTP service that colors what is posted to it. It knows nothing of devices: the coloring is given. Bodies are taken side by
 * side, within a bound of memory, and only whole ones wait for the device; so who sends slowly holds nobody up.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { METRICS_TYPE } from '../shared/prometheus.ts';
import { type Answer, answerOf, json, refused } from './answer.ts';
import { expectBody, receive } from './body.ts';
import type { Color, ColoredFile } from './color.ts';
import { malformed } from './malformed.ts';
import { Metrics } from './metrics.ts';
import { openapi } from './openapi.ts';
import type { PageFile } from './page.ts';
import { readQuery } from './query.ts';
import { Queue } from './queue.ts';
import { FAILED, Refusal, refusalOf } from './refusal.ts';

/** Pictures that are worked on at a time: one is decoded or encoded while the device has the other. */
const AT_ONCE = 2;
/** Connections at a time; more are closed at once. */
const MOST_CONNECTIONS = 1000;
/** Milliseconds for a request's headers, between requests, and for reading past a refused body. */
const [HEADERS, IDLE, LINGER] = [10_000, 5_000, 2_000];
/** Milliseconds that connections without a request have when the service stops. */
const GRACE = 500;
export interface ServiceOptions {
  readonly color: Color;
  /** Pictures that may wait. */
  readonly queue: number;
  /** Of a picture file. */
  readonly maxBytes: number;
  /** Seconds for a request's body, and for taking the answer. */
  readonly timeout: number;
  /** What requests must bear; default nothing. */
  readonly token?: string | undefined;
  /** Files by their paths; default none. */
  readonly page?: ReadonlyMap<string, PageFile>;
  readonly version: string;
  /** Is told of faults that are not the client's. */
  readonly onFault: (error: unknown) => void;
}

export class Service {
  readonly #options: ServiceOptions;
  readonly #server: Server;
  readonly #queue: Queue;
  readonly #metrics = new Metrics();
  /** Connections, with their requests that are not answered. */
  readonly #sockets = new Map<Socket, number>();
  /** Bytes of bodies in memory, and how many there may be. */
  #held = 0;
  readonly #mostHeld: number;
  #ready = true;
  #stopping: Promise<void> | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#queue = new Queue(options.queue, AT_ONCE);
    // So many whole pictures, or many more of which parts are there.
    this.#mostHeld = options.maxBytes * (options.queue + AT_ONCE);
    const timeout = options.timeout * 1000;
    this.#server = createServer({
      headersTimeout: HEADERS,
      keepAliveTimeout: IDLE,
      requestTimeout: Math.max(timeout, HEADERS) + LINGER,
      connectionsCheckingInterval: 1000,
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response);
    this.#server.on('request', handle).on('checkContinue', handle).on('clientError', malformed);
    this.#server.on('checkExpectation', (request, response) => {
      const got = `'${String(request.headers.expect).slice(0, 60)}'`;
      this.#send(request, response, refused(new Refusal(417, { where: 'Expect', expected: '100-continue', got })));
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.set(socket, 0);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Begins to listen. @param port 0 for any. @throws the system's error */
  async listen(port: number, host: string): Promise<AddressInfo> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return this.#server.address() as AddressInfo;
  }

  /** Takes no more connections and pictures, and finishes what was taken. */
  stop(): Promise<void> {
    this.#ready = false;
    this.#stopping ??= new Promise((done) => {
      this.#server.close(() => done());
      setTimeout(() => {
        for (const [socket, requests] of this.#sockets) if (requests === 0) socket.destroy();
      }, GRACE).unref();
    });
    return this.#stopping;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const start = performance.now();
    const { socket } = request;
    const count = (by: number) => {
      const requests = this.#sockets.get(socket);
      if (requests !== undefined) this.#sockets.set(socket, requests + by);
    };
    count(1);
    const gone = new AbortController();
    response.once('close', () => {
      count(-1);
      if (!response.writableFinished) gone.abort(new Error('the client hung up'));
      if (this.#stopping) this.#server.closeIdleConnections();
    });
    response.on('error', () => undefined); // `close` follows
    const [path, query] = targetOf(request.url ?? '');
    const colors = path === '/colorize';
    try {
      if (!colors) return this.#send(request, response, this.#other(path, request));
      const file = await this.#colorize(request, response, query, gone.signal);
      this.#send(request, response, answerOf(file));
      this.#metrics.picture(file.width * file.height, (performance.now() - start) / 1000);
      this.#metrics.request('200');
    } catch (error) {
      if (colors && gone.signal.aborted) return this.#metrics.request('hung_up');
      const refusal = error instanceof Refusal ? error : FAILED;
      if (refusal.status === 500) this.#options.onFault(error);
      if (colors) this.#metrics.request(String(refusal.status));
      this.#send(request, response, refused(refusal));
    }
  }

  /** Colors a request's picture. @throws Refusal; anything where the client has hung up */
  async #colorize(
    request: IncomingMessage,
    response: ServerResponse,
    query: string,
    gone: AbortSignal,
  ): Promise<ColoredFile> {
    this.#expectToken(request);
    expectMethod(request, ['POST']);
    // A page elsewhere may send a picture without asking, though not read the answer.
    if (request.headers['sec-fetch-site'] === 'cross-site') {
      throw new Refusal(403, {
        where: 'Sec-Fetch-Site',
        expected: 'this site, or a program',
        got: "another site's page",
      });
    }
    const asked = readQuery(query);
    expectBody(request, this.#options.maxBytes);
    if (!this.#ready) throw notReady();
    this.#queue.expectRoom();
    if (request.headers.expect) response.writeContinue();
    let held = 0;
    const take = (bytes: number) => {
      if (this.#held + bytes > this.#mostHeld) return false;
      held += bytes;
      this.#held += bytes;
      return true;
    };
    try {
      const { maxBytes: mostBytes, timeout: seconds, color } = this.#options;
      const body = await receive(request, { mostBytes, seconds, take });
      const work = () =>
        color(body, asked, gone).catch((error: unknown) => {
          throw refusalOf(error, body) ?? error;
        });
      return await this.#queue.run(work, gone);
    } finally {
      this.#held -= held;
    }
  }

  /** Answers what needs no device. @throws Refusal */
  #other(path: string, request: IncomingMessage): Answer {
    const { page, version, token } = this.#options;
    const answers: Readonly<Record<string, () => Answer>> = {
      '/health': () => json(200, { alive: true }),
      '/ready': () => {
        if (!this.#ready) throw notReady();
        return json(200, { ready: true });
      },
      '/openapi.json': () => json(200, openapi(version, token !== undefined)),
      '/metrics': () => {
        this.#expectToken(request);
        return { status: 200, headers: { 'content-type': METRICS_TYPE }, body: this.#metricsText() };
      },
    };
    const file = page?.get(path);
    const answer = Object.hasOwn(answers, path) ? answers[path] : file && (() => ({ status: 200, ...file }));
    if (!answer) {
      const expected = ['/colorize', ...Object.keys(answers)].join(', ');
      throw new Refusal(404, { where: 'path', expected, got: `'${path.slice(0, 60)}'` });
    }
    expectMethod(request, ['GET', 'HEAD']);
    return answer();
  }

  #metricsText(): Buffer {
    const { waiting, running } = this.#queue;
    const gauges = { waiting, running, ready: this.#ready, heldBytes: this.#held, connections: this.#sockets.size };
    return Buffer.from(this.#metrics.text(gauges));
  }

  #expectToken({ headers: { authorization = '' } }: IncomingMessage): void {
    const { token } = this.#options;
    // Hashes have one length, and comparing them takes one time.
    const hash = (text: string) => createHash('sha256').update(text).digest();
    const given = authorization.replace(/^Bearer +/i, '');
    if (token === undefined || timingSafeEqual(hash(given), hash(token))) return;
    const got = authorization ? 'another one' : 'none';
    const hint = "send the service's token";
    const parts = { where: 'Authorization', expected: 'Bearer TOKEN', got, hint };
    throw new Refusal(401, parts, { 'www-authenticate': 'Bearer' });
  }

  #send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
    if (response.destroyed) return;
    const { socket } = request;
    // Who takes the answer slowly, or goes on sending what is refused, is not waited for.
    const late = setTimeout(() => socket.destroy(), this.#options.timeout * 1000);
    const rest = request.complete ? undefined : setTimeout(() => request.complete || socket.destroy(), LINGER);
    response.once('close', () => clearTimeout(late));
    request.once('close', () => clearTimeout(rest));
    response.writeHead(status, {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
      ...(this.#stopping && { connection: 'close' }),
      'content-length': body.length,
    });
    response.end(body);
  }
}

/** Path and query of a request's target, which may have an origin before them. */
function targetOf(url: string): [path: string, query: string] {
  const [path = '', ...query] = url.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  return [path || '/', query.join('?')];
}

/** @throws Refusal (405) */
function expectMethod({ method = '' }: IncomingMessage, methods: readonly string[]): void {
  if (methods.includes(method)) return;
  const parts = { where: 'method', expected: methods.join(' or '), got: method };
  throw new Refusal(405, parts, { allow: methods.join(', ') });
}

function notReady(): Refusal {
  const parts = {
    where: 'service',
    expected: 'one that takes pictures',
    got: 'one that stops',
    hint: 'try another one',
  };
  return new Refusal(503, parts, { 'retry-after': '5' });
}
