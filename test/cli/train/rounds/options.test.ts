/** Options of training on several devices: what they mean, and which contradict each other. */
import { expect, test } from 'vitest';
import { parseArguments } from '../../../../src/cli/train/options.ts';
import { roundSettings } from '../../../../src/cli/train/rounds/options.ts';

const QUEUE = ['--queue', 'redis://localhost:6379'];
const parse = (...argv: string[]) => parseArguments(argv)!;
const settings = (...argv: string[]) => roundSettings(parse('photos', ...QUEUE, ...argv).rounds, undefined)!;

test('a run begins with its shares, 100 local steps and the mean as it is', () => {
  expect(settings('--shares', '4')).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{16}$/),
    shares: 4,
    localSteps: 100,
    outer: { rate: 1, momentum: 0 },
  });
  expect(settings('--shares', '2', '--outer', 'diloco').outer).toEqual({ rate: 0.7, momentum: 0.9 });
  expect(settings('--shares', '2', '--outer', 'none').outer).toEqual({ rate: 1, momentum: 0 });
  expect(settings('--shares', '2', '--outer', '0.5,0').outer).toEqual({ rate: 0.5, momentum: 0 });
  expect(settings('--shares', '2').id).not.toBe(settings('--shares', '2').id);
  expect(parse('photos').rounds).toBeUndefined();
});

test("a run is joined with nothing but its queue and what is the machine's own", () => {
  expect(parse('--join', 'runs/a', ...QUEUE, '--adapter', 'NVIDIA', '--lock', '9').rounds).toMatchObject({
    join: 'runs/a',
    lock: 9,
  });
});

test.each([
  [['photos', ...QUEUE], '--queue: expected --shares N beside it, or --join RUN, got neither'],
  [['photos', '--shares', '2'], '--shares: expected --queue URL beside it, got none'],
  [['--join', 'runs/a'], '--join: expected --queue URL beside it, got none'],
  [['photos', '--local-steps', '5'], '--local-steps: expected --queue URL beside it, got none'],
  [
    ['photos', ...QUEUE, '--shares', '2', '--minutes', '5'],
    '--queue and --minutes: expected one of them, got both – say how long with --steps or --epochs',
  ],
  [
    ['photos', ...QUEUE, '--shard', '0/2', '--embedding-cache', 'e'],
    '--queue and --shard: expected one of them, got both',
  ],
  [
    ['--join', 'runs/a', ...QUEUE, '--steps', '5'],
    '--join and --steps: expected one of them, got both – leave out --steps: the run has its own',
  ],
  [['--join', 'runs/a', ...QUEUE, '--resume'], '--join and --resume: expected one of them, got both'],
  [
    ['photos', ...QUEUE, '--shares', '2', '--outer', '0.7'],
    "--outer: expected none, diloco, or RATE,MOMENTUM such as 0.7,0.9, got '0.7'",
  ],
  [['photos', ...QUEUE, '--shares', '2', '--outer', '0.7,1'], "got '0.7,1'"],
  [['photos', ...QUEUE, '--shares', '2', '--outer', ','], "got ','"],
  [['photos', '--queue', 'localhost'], '--queue: expected redis://HOST:PORT or postgres://USER@HOST/DATABASE'],
])('%j', (argv, message) => {
  expect(() => parse(...argv)).toThrow(message);
});
