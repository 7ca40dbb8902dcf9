/** Servers of queues for tests, each in a folder and on a port of its own: Redis and PostgreSQL, where they are installed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { BOUND } from './run.ts';

export interface QueueServer {
  readonly url: string;
  /** Ends it and starts it again, with its data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Those that are installed, and for the others what is missing. KOALARIZE_REDIS_SERVER names a redis-server beside PATH. */
export function queueServers(): {
  readonly name: string;
  readonly start?: () => Promise<QueueServer>;
  readonly missing?: string;
}[] {
  const redis = process.env.KOALARIZE_REDIS_SERVER ?? found('redis-server', []);
  const versions = '/usr/lib/postgresql';
  const folders = existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, 'bin')) : [];
  const postgres = found('postgres', folders.reverse());
  return [
    redis
      ? { name: 'Redis', start: () => startRedis(redis) }
      : { name: 'Redis', missing: 'redis-server on PATH or in KOALARIZE_REDIS_SERVER' },
    postgres
      ? { name: 'PostgreSQL', start: () => startPostgres(join(postgres, '..')) }
      : { name: 'PostgreSQL', missing: 'postgres on PATH or in /usr/lib/postgresql' },
  ];
}

/** The path of a program on PATH, or in one of `folders`. */
export function found(program: string, folders: readonly string[]): string | undefined {
  const all = [...(process.env.PATH ?? '').split(delimiter), ...folders];
  return all
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path);
        return true;
      } catch {
        return false;
      }
    });
}

async function startRedis(program: string): Promise<QueueServer> {
  const dir = await mkdtemp(join(tmpdir(), 'koalarize-redis-'));
  const port = await freePort();
  const argv = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'yes'];
  const policy = ['--maxmemory-policy', 'noeviction'];
  return serverOf(`redis://127.0.0.1:${port}`, port, () => spawn(program, [...argv, ...policy], { stdio: 'ignore' }));
}

async function startPostgres(bin: string): Promise<QueueServer> {
  const dir = await mkdtemp(join(tmpdir(), 'koalarize-postgres-'));
  // It does not run as root.
  if ('uid' in BOUND) chownSync(dir, BOUND.uid!, BOUND.gid!);
  const env = { ...process.env, LD_LIBRARY_PATH: '' };
  const options = { ...BOUND, env, cwd: dir, stdio: 'ignore' } as const;
  execFileSync(join(bin, 'initdb'), ['-D', join(dir, 'data'), '-U', 'koala', '-A', 'trust', '-E', 'UTF8'], options);
  const port = await freePort();
  const argv = ['-D', join(dir, 'data'), '-p', `${port}`, '-k', dir, '-h', '127.0.0.1'];
  const url = `postgres://koala@127.0.0.1:${port}/postgres`;
  // SIGINT: what is connected is cut off.
  return serverOf(url, port, () => spawn(join(bin, 'postgres'), argv, options), 'SIGINT');
}

/** Starts a server, and waits until its port is open. */
export async function serverOf(
  url: string,
  port: number,
  start: () => ChildProcess,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<QueueServer> {
  let child: ChildProcess;
  const begin = async () => {
    child = start();
    for (let tried = 0; !(await answers(port)); tried++) {
      if (tried === 600 || child.exitCode !== null) throw new Error(`${url}: expected a server, got none`);
      await new Promise((done) => setTimeout(done, 100));
    }
    // A port is open before all of the server is.
    await new Promise((done) => setTimeout(done, 500));
  };
  const stop = async () => {
    const ended = new Promise((done) => child.once('close', done));
    child.kill(signal);
    await ended;
  };
  await begin();
  return { url, restart: () => stop().then(begin), stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

/** A port that nothing listens at. */
export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}
