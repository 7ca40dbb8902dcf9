/** `koalarize serve`: an HTTP service that colors photographs on one device. */
import { fileURLToPath } from 'node:url';
import { Colorizer } from '../../model/colorizer.ts';
import { EnvironmentError } from '../../runtime/errors.ts';
import { VERSION } from '../../runtime/version.ts';
import { isExpected, print, reasonOf, sayFailed, sayLine, UsageError, usage } from '../shared/messages.ts';
import { onStopSignal } from '../shared/signals.ts';
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
  const signal = new Promise<NodeJS.Signals>((first) => onStopSignal(first));
  const colorizer = await Colorizer.load(load);
  sayLine(`device: ${colorizer.gpu.name} (${colorizer.gpu.source})`);
  await warmUp(colorizer);
  const onFault = (error: unknown) => sayFailed(`failed: ${error instanceof Error ? reasonOf(error) : error}`, error);
  const service = new Service({
    ...limits,
    ...files,
    color: colorWith(colorizer, maxPixels),
    version: VERSION,
    onFault,
  });
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
