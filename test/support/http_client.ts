/** HTTP requests as tests send them: whole ones, and bytes that need not be a request. */
import { once } from 'node:events';
import { type Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends a request with its whole body. A server may answer before it has taken all of it. */
export function send(
  port: number,
  path: string,
  { body, agent, ...options }: RequestOptions & { body?: Uint8Array; agent?: Agent } = {},
): Promise<Reply> {
  return new Promise((done, fail) => {
    const sent = request({ port, host: '127.0.0.1', path, agent: agent ?? false, ...options }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part)).on('error', fail);
      response.on('end', () =>
        done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

/** Posts a picture. */
export function post(
  port: number,
  body: Uint8Array | string,
  query = '',
  options: RequestOptions = {},
): Promise<Reply> {
  const { headers, ...rest } = options;
  const bytes = Buffer.from(body);
  return send(port, `/colorize${query}`, {
    method: 'POST',
    headers: { 'content-length': bytes.length, ...headers },
    body: bytes,
    ...rest,
  } as Parameters<typeof send>[2]);
}

/** Sends bytes as they are. @returns all that comes back until the server or `ms` ends it */
export async function raw(port: number, bytes: string | Uint8Array, ms = 1000): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let got = '';
  socket.on('data', (part) => (got += part.toString('latin1'))).on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  socket.write(bytes);
  const timer = setTimeout(() => socket.destroy(), ms);
  if (!socket.destroyed) await once(socket, 'close');
  clearTimeout(timer);
  return got;
}
