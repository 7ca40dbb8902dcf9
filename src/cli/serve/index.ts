/** `koalarize serve`: an HTTP service that colors photographs on one device. */
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Colorizer } from '../../model/colorizer.ts';
import { EnvironmentError } from '../../runtime/errors.ts';
import { isExpected, print, reasonOf, sayFailed, sayLine, UsageError, usage } from '../shared/messages.ts';
import { colorWith } from './color.ts';
import { HELP, readArguments, type ServeRequest } from './options.ts';
import { readPage } from './page.ts';
import { Service } from './service.ts';

/** Runs the command. @returns the exit code */
export async function serveCommand(argv: string[]): Promise<number> {
  try {
    const request = readArguments(argv, process.env);
    if (request) return await serve(request);
    print(HELP);
    return 0;
  } catch (cause) {
    if (cause instanceof UsageError) return usage(cause.message, 'koalarize serve --help');
    if (!isExpected(cause)) throw cause;
    sayFailed(`failed: ${reasonOf(cause)}`, cause);
    return 1;
  }
}

/** Serves until a signal comes or the device is lost. @returns the exit code */
async function serve({ load, maxPixels, page, port, host, ...limits }: ServeRequest): Promise<number> {
  const files = page ? { page: readPage(fileURLToPath(new URL('../web/', import.meta.url))) } : {};
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const signal = firstSignal();
  const colorizer = await Colorizer.load(load);
  sayLine(`device: ${colorizer.gpu.name} (${colorizer.gpu.source})`);
  await warmUp(colorizer);
  const onFault = (error: unknown) => sayFailed(`failed: ${error instanceof Error ? reasonOf(error) : error}`, error);
  const service = new Service({ ...limits, ...files, color: colorWith(colorizer, maxPixels), version, onFault });
  const address = await service.listen(port, host).catch((cause: NodeJS.ErrnoException) => {
    const hint = 'choose another --port or --host';
    throw new EnvironmentError({ where: `${host}:${port}`, expected: 'a free address', got: `${cause.code}`, hint });
  });
  print(`listening: http://${host.includes(':') ? `[${host}]` : host}:${address.port}/\n`);
  const lost = colorizer.gpu.device.lost.then(({ message }) => `the device was lost: ${message}`);
  const reason = await Promise.race([signal, lost.then((message) => ({ message }))]);
  if (typeof reason === 'object') {
    // A supervisor starts it again, with a device that works.
    sayLine(`failed: ${reason.message}`);
    await service.stop();
    return 1;
  }
  sayLine(`${reason}: finishes what was taken; once more ends it at once`);
  await service.stop();
  await colorizer.close();
  return 0;
}

/** Colors a small picture: what is ready has been seen to work. @throws DeviceError */
async function warmUp(colorizer: Colorizer): Promise<void> {
  const data = new Uint8ClampedArray(32 * 32 * 4).fill(128);
  await colorizer.colorize({ data, width: 32, height: 32 });
}

/** The first SIGTERM or SIGINT; the second ends the process, with the exit code that shells give it. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((first) => {
    let asked = false;
    const onSignal = (name: NodeJS.Signals) => {
      if (asked) process.exit(128 + constants.signals[name]);
      asked = true;
      first(name);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
}
