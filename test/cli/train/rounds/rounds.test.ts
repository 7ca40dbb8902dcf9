/** Training on several devices on real servers: the same bits with any number of processes, whoever is killed or stopped. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeCheckpoint, type TrainingState } from '../../../../src/train/checkpoint.ts';
import { writePictures } from '../../../support/pictures.ts';
import { type QueueServer, queueServers } from '../../../support/queue_servers.ts';
import { bundleTrain, callIn, logOf, startTrain, type TrainProcess } from '../../../support/train_command.ts';

const PICTURES = 24;
const SMALL = ['--size', '32', '--batch', '4', '--width-divisor', '16', '--seed', '3', '--val-every', '10'];
/** Shares of dead processes are taken soon. */
const SOON = ['--lock', '3'];

let root: string;
let photos: string;
let program: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-rounds-'));
  photos = join(root, 'photos');
  await writePictures(photos, PICTURES);
  program = await bundleTrain('rounds');
});
afterAll(() => rm(root, { recursive: true }));

const call = (...argv: readonly string[]) => callIn(root, ...argv);
const stepFile = (run: string, step: number) =>
  join(run, `checkpoints/step-${String(step).padStart(6, '0')}.safetensors`);
const bytesAt = (run: string, step: number) => readFile(stepFile(run, step));
const stateAt = async (run: string, step: number): Promise<TrainingState> => {
  const { metadata, ...state } = decodeCheckpoint(await bytesAt(run, step), run);
  return state;
};

async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  says: () => string = () => '',
): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(5)) if (await isSo()) return;
  throw new Error(`expected ${what}: ${says()}`);
}

describe.each(queueServers())('$name', ({ name, start, missing }) => {
  if (!start) {
    test.skip(`left out, as there is no ${name}: expected ${missing}`, () => undefined);
    return;
  }
  let server: QueueServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());
  const at = () => ['--queue', server.url, ...SOON];
  const runAt = (run: string) => join(root, `${name}-${run}`);
  const begin = (run: string, ...argv: string[]) => call(photos, '--out', runAt(run), ...SMALL, ...at(), ...argv);
  /** The same as a process of its own. */
  const beginApart = (run: string, ...argv: string[]) =>
    startTrain(program, [photos, '--out', runAt(run), '--extractor', 'none', ...SMALL, ...at(), ...argv]);
  const joinApart = (run: string) => startTrain(program, ['--join', runAt(run), ...at()]);
  const endOf = async ({ exit, output }: TrainProcess) => expect(await exit, output()).toEqual([0, null]);

  test('one share is the training of one process, to the bit', async () => {
    const plain = runAt('plain');
    expect((await call(photos, '--out', plain, ...SMALL, '--steps', '17')).code).toBe(0);
    const { code, err } = await begin('one', '--steps', '17', '--shares', '1', '--local-steps', '5');
    expect(code, err).toBe(0);
    expect(await stateAt(runAt('one'), 17)).toEqual(await stateAt(plain, 17));
    const scores = async (run: string) =>
      (await logOf(run)).filter((line) => 'val' in line).map(({ step, val }) => [step, val]);
    // Validated after the rounds in which that falls due.
    expect((await scores(runAt('one'))).map(([step]) => step)).toEqual([10, 17]);
    expect(await scores(runAt('one'))).toEqual(await scores(plain));
    const losses = (await logOf(plain)).filter((line) => 'loss' in line).map(({ loss }) => loss!);
    const rounds = (await logOf(runAt('one'))).filter((line) => 'loss' in line);
    expect(rounds.map(({ step }) => step)).toEqual([5, 10, 15, 17]);
    expect(rounds[3]!.loss).toBeCloseTo((losses[15]! + losses[16]!) / 2, 12);
    expect(await readdir(runAt('one'))).not.toContain('rounds');
  });

  test('single steps of two shares: the same bits again, and with two processes', async () => {
    const argv = ['--steps', '12', '--shares', '2', '--local-steps', '1'];
    expect((await begin('single', ...argv)).code).toBe(0);
    expect((await begin('again', ...argv)).code).toBe(0);
    const process = beginApart('two', ...argv);
    const other = joinApart('two');
    await endOf(process);
    await endOf(other);
    const bytes = await bytesAt(runAt('single'), 12);
    expect((await bytesAt(runAt('again'), 12)).equals(bytes)).toBe(true);
    expect((await bytesAt(runAt('two'), 12)).equals(bytes)).toBe(true);
    // Both shares count: one alone would not have seen the second's pictures.
    expect((await begin('alone', '--steps', '6', '--shares', '1', '--local-steps', '1')).code).toBe(0);
    expect((await bytesAt(runAt('alone'), 6)).equals(bytes)).toBe(false);
  });

  describe('two shares with outer momentum', () => {
    const STEPS = 88;
    const argv = ['--steps', `${STEPS}`, '--shares', '2', '--local-steps', '20', '--outer', 'diloco'];
    let bytes: Buffer;
    beforeAll(async () => {
      const { code, err } = await begin('whole', ...argv);
      expect(code, err).toBe(0);
      bytes = await bytesAt(runAt('whole'), STEPS);
    });
    const expectSame = async (run: string) => {
      expect((await bytesAt(runAt(run), STEPS)).equals(bytes)).toBe(true);
      expect(await readFile(join(runAt(run), 'weights.safetensors'))).toEqual(
        await readFile(join(runAt('whole'), 'weights.safetensors')),
      );
      expect((await logOf(runAt(run))).filter((line) => 'loss' in line).map(({ step, loss }) => [step, loss])).toEqual(
        (await logOf(runAt('whole'))).filter((line) => 'loss' in line).map(({ step, loss }) => [step, loss]),
      );
    };

    test('leave a checkpoint of each round, with the momentum', async () => {
      expect((await logOf(runAt('whole'))).filter((line) => 'loss' in line).map(({ step }) => step)).toEqual([
        40, 80, 88,
      ]);
      const state = await stateAt(runAt('whole'), STEPS);
      expect(state.outer!.size).toBe(state.weights.size);
      expect(state.average!.size).toBe(state.weights.size);
    });

    test('a process that is killed within a share changes nothing', async () => {
      const first = beginApart('killed', ...argv);
      await until('a share', () => /share \d\/2/.test(first.output()), first.output);
      // So that it doesn't do all of it meanwhile; its share may become the other's, and it hears of that late.
      first.child.kill('SIGSTOP');
      const victim = joinApart('killed');
      await until('a share', () => /share \d\/2/.test(victim.output()), victim.output);
      victim.child.kill('SIGKILL');
      first.child.kill('SIGCONT');
      expect(await victim.exit).toEqual([null, 'SIGKILL']);
      await endOf(first);
      await expectSame('killed');
    });

    test('the process that began is killed: another ends the run', async () => {
      const first = beginApart('heir', ...argv);
      await until('a share', () => /share \d\/2/.test(first.output()), first.output);
      first.child.kill('SIGKILL');
      await first.exit;
      await endOf(joinApart('heir'));
      await expectSame('heir');
    });

    test('all are killed, and the queue is lost: it goes on from the last round', async () => {
      const first = beginApart('lost', ...argv);
      await until(
        'a round',
        () =>
          readFile(stepFile(runAt('lost'), 40)).then(
            () => true,
            () => false,
          ),
        first.output,
      );
      first.child.kill('SIGKILL');
      await first.exit;
      const { rounds } = JSON.parse(await readFile(join(runAt('lost'), 'config.json'), 'utf8'));
      await emptyQueue(server.url, rounds.id);
      const { code, err } = await call('--resume', '--out', runAt('lost'), ...at());
      expect(code, err).toBe(0);
      expect(err).toMatch(/resume {3}from .*step-0000[48]0\.safetensors/);
      await expectSame('lost');
    });

    test('the server is started again meanwhile', async () => {
      const process = beginApart('restart', ...argv);
      await until('a share', () => /share \d\/2/.test(process.output()), process.output);
      await server.restart();
      await endOf(process);
      await expectSame('restart');
    });

    test('Ctrl-C gives the share back, and a checkpoint that is damaged is left out', async () => {
      const first = beginApart('stopped', ...argv);
      await until(
        'a round',
        () =>
          readFile(stepFile(runAt('stopped'), 40)).then(
            () => true,
            () => false,
          ),
        first.output,
      );
      first.child.kill('SIGINT');
      await endOf(first);
      expect(first.output()).toMatch(/stopped {2}after/);
      const [newest] = (await readdir(join(runAt('stopped'), 'checkpoints'))).sort().reverse();
      await writeFile(join(runAt('stopped'), 'checkpoints', newest!), 'damaged');
      const { code, err } = await call('--resume', '--out', runAt('stopped'), ...at());
      expect(code, err).toBe(0);
      expect(err).toContain('damaged');
      await expectSame('stopped');
    });
  });

  test('a run goes on to more steps; its settings stay', async () => {
    const argv = ['--shares', '3', '--local-steps', '2', '--lr-decay', 'constant'];
    expect((await begin('short', ...argv, '--steps', '10')).code).toBe(0);
    const other = await call('--resume', '--out', runAt('short'), ...at(), '--shares', '2');
    expect(other.code).toBe(2);
    expect(other.err).toContain("--shares: expected 3, as the run began with, got '2' – leave it out with --resume");
    const without = await call('--resume', '--out', runAt('short'));
    expect(without.code).toBe(2);
    expect(without.err).toContain('--queue: expected one, as the run began with, got none');
    const { code, err } = await call('--resume', '--out', runAt('short'), ...at(), '--steps', '14');
    expect(code, err).toBe(0);
    expect((await stateAt(runAt('short'), 14)).step).toBe(14);
    expect((await call('--join', runAt('short'), ...at())).err).toContain('done     at step 14 already');
  });

  test('a loss that is no number ends all processes, with the reason', async () => {
    const { code, err } = await begin(
      'diverged',
      '--steps',
      '40',
      '--shares',
      '2',
      '--local-steps',
      '10',
      '--lr',
      '1e30',
      '--preset',
      'paper',
    );
    expect(code).toBe(1);
    expect(err).toMatch(
      /koalarize train: step \d+: expected finite numbers, got .* at --lr 1e\+30; the last good checkpoint is of step 0/,
    );
    const late = joinApart('diverged');
    expect((await late.exit)[0]).toBe(1);
    expect(late.output()).toMatch(/expected all shares of a round, got 'step \d+: expected finite numbers/);
  });
});

async function emptyQueue(url: string, id: string): Promise<void> {
  const { RoundQueue } = await import('../../../../src/cli/train/rounds/queue.ts');
  const queue = await RoundQueue.open(url, id);
  await queue.clear();
  await queue.close();
}
