/** Bodies of requests, taken within limits of bytes, time and memory. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

export interface BodyLimits {
  readonly mostBytes: number;
  /** Seconds for the whole body. */
  readonly seconds: number;
  /** Asks for memory. @returns false where there is none */
  take(bytes: number): boolean;
}

/** Refuses what the headers already tell. @throws Refusal (411, 413, 415) */
export function expectBody({ headers }: IncomingMessage, mostBytes: number): void {
  const { 'content-length': length, 'transfer-encoding': chunks, 'content-encoding': coding = 'identity' } = headers;
  const type = headers['content-type'] ?? '';
  if (length === undefined && chunks === undefined) {
    const hint = 'send Content-Length: curl --data-binary @FILE';
    throw new Refusal(411, { where: 'body', expected: 'a length', got: 'none', hint });
  }
  if (Number(length) > mostBytes) throw tooLong(mostBytes, `${length}`);
  if (/^multipart\//i.test(type)) {
    const hint = 'send the file itself: curl --data-binary @FILE';
    throw new Refusal(415, { where: 'body', expected: 'a picture', got: 'a form', hint });
  }
  if (coding !== 'identity') {
    throw new Refusal(415, { where: 'body', expected: 'the picture as it is', got: `'${coding.slice(0, 60)}'` });
  }
}

/**
 * Takes a request's body. Where it is refused, what is still sent is read and dropped, so that the refusal can be read.
 *
 * @throws Refusal (408, 413, 503); Error when the client hangs up
 */
export function receive(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const { mostBytes, seconds, take } = limits;
  return new Promise((done, fail) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const stop = (reason?: Error) => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      if (!reason) return done(Buffer.concat(parts));
      request.resume();
      fail(reason);
    };
    const onData = (part: Buffer) => {
      bytes += part.length;
      if (bytes > mostBytes) return stop(tooLong(mostBytes, `${bytes} and more`));
      if (!take(part.length)) return stop(noMemory());
      parts.push(part);
    };
    const onEnd = () => stop();
    const onClose = () => stop(new Error('the client hung up'));
    const timer = setTimeout(() => stop(tooSlow(seconds)), seconds * 1000);
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    request.on('error', () => undefined); // `close` follows
  });
}

function tooLong(most: number, got: string): Refusal {
  return new Refusal(413, { where: 'body', expected: `at most ${most} bytes`, got, hint: 'make the file smaller' });
}

function tooSlow(seconds: number): Refusal {
  const expected = `the whole body in ${seconds} s`;
  return new Refusal(408, { where: 'body', expected, got: 'a part', hint: 'send faster' }, { connection: 'close' });
}

function noMemory(): Refusal {
  const hint = 'try again in 5 s';
  const parts = { where: 'memory', expected: 'room for the picture', got: 'too many pictures at a time', hint };
  return new Refusal(503, parts, { 'retry-after': '5' });
}
