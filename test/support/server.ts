/** A web server for one folder, on this machine's own address and a free port. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.jpg': 'image/jpeg',
};

export interface Site {
  readonly origin: string;
  /** The address of the folder, with a slash at its end. */
  readonly base: string;
  close(): void;
}

/** Serves `folder` below `/some/where/`: a page has to work from any path. */
export async function serve(folder: string): Promise<Site> {
  const prefix = '/some/where/';
  const server = createServer(async ({ url }, response) => {
    const path = normalize(decodeURIComponent(new URL(url!, 'http://localhost').pathname));
    try {
      if (!path.startsWith(prefix)) throw new Error('elsewhere');
      const name = path.slice(prefix.length) || 'index.html';
      const body = await readFile(join(folder, name));
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin, base: `${origin}${prefix}`, close };
}
