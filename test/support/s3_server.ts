/** Server of S3 for tests, moto's where it is installed, behind a proxy that answers, breaks off or refuses as a test says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { found, freePort, serverOf } from './queue_servers.ts';

/** What becomes of a request: it is answered; refused with a status and S3's code; or the answer is broken off after so many bytes. */
export type Fault = undefined | { readonly status: number; readonly code: string } | { readonly cutAt: number };

export interface S3Server {
  /** The environment in which clients find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests so far: `GET /bucket/key?query`. */
  readonly asked: string[];
  /** Files in one answer of a listing, where fewer than the server's 1,000 are wanted. */
  page?: number;
  /** Is asked of each request. */
  fault: (asked: string) => Fault;
  stop(): Promise<void>;
}

/** How to start it, or what is missing. KOALARIZE_MOTO_SERVER names a moto_server beside PATH. */
export function s3Server(): { readonly start: () => Promise<S3Server> } | { readonly missing: string } {
  const program = process.env.KOALARIZE_MOTO_SERVER ?? found('moto_server', []);
  const missing = "moto_server on PATH or in KOALARIZE_MOTO_SERVER (pip install 'moto[server]')";
  return program ? { start: () => start(program) } : { missing };
}

async function start(program: string): Promise<S3Server> {
  const port = await freePort();
  const argv = ['-H', '127.0.0.1', '-p', `${port}`];
  const moto = await serverOf(`http://127.0.0.1:${port}`, port, () => spawn(program, argv, { stdio: 'ignore' }));
  const running: S3Server = {
    env: {
      AWS_ENDPOINT_URL_S3: '',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    asked: [],
    fault: () => undefined,
    async stop() {
      proxy.closeAllConnections();
      proxy.close();
      await moto.stop();
    },
  };
  const proxy = proxyTo(port, running);
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const { port: at } = proxy.address() as AddressInfo;
  return Object.assign(running, { env: { ...running.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${at}` } });
}

function proxyTo(port: number, running: S3Server): Server {
  return createServer((incoming, outgoing) => {
    const line = `${incoming.method} ${incoming.url}`;
    running.asked.push(line);
    const told = running.fault(line);
    if (told && 'status' in told) {
      incoming.resume();
      const xml = `<?xml version="1.0"?><Error><Code>${told.code}</Code><Message>a test</Message></Error>`;
      outgoing.writeHead(told.status, { 'content-type': 'application/xml' }).end(xml);
      return;
    }
    const { method, url = '', headers } = incoming;
    const isListing = running.page && url.includes('list-type=2');
    const path = isListing ? `${url}&max-keys=${running.page}` : url;
    const forwarded = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      let sent = 0;
      answer.on('data', (chunk: Buffer) => {
        if (told && sent + chunk.length > told.cutAt) {
          outgoing.write(chunk.subarray(0, told.cutAt - sent), () => outgoing.destroy());
          answer.destroy();
          return;
        }
        sent += chunk.length;
        outgoing.write(chunk);
      });
      answer.on('end', () => outgoing.end());
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
}
