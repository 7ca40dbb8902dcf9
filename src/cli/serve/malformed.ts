/** Answer to what is no request: bytes that are not HTTP, headers without end, requests that do not come to one. */
import type { Duplex } from 'node:stream';
import { Refusal, refusalJson } from './refusal.ts';

/** The parser's codes that mean something else than 400. */
const STATUSES: Readonly<Record<string, readonly [status: 408 | 413 | 431, name: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

/** Answers on the connection itself, and closes it: there is no telling where another request would begin. */
export function malformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const code = error.code ?? '';
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, name] = STATUSES[code] ?? ([400, 'Bad Request'] as const);
  const body = refusalJson(
    new Refusal(status, { where: 'request', expected: 'HTTP/1.1', got: code || 'another thing' }),
  );
  socket.end(
    `HTTP/1.1 ${status} ${name}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
