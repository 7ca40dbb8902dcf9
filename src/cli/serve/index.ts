/** `koalarize serve`: an HTTP service that colors photographs on one device. */
import { fileURLToPath } from 'node:url';
import { Colorizer, type ColorizerOptions } from '../../model/colorizer.ts';
import { DeviceError, EnvironmentError } from '../../runtime/errors.ts';
import { VERSION } from '../../runtime/version.ts';
import { isExpected, print, reasonOf, sayFailed, sayLine, UsageError, usage } from '../shared/messages.ts';
import { onStopSignal } from '../shared/signals.ts';
import { type Color, colorWith } from './color.ts';
import { HELP, readArguments, type ServeRequest } from './options.ts';
import { readPage } from './page.ts';
import { Refusal } from './refusal.ts';
import { Service } from './service.ts';

/** Opens what colors. */
type Open = (options: ColorizerOptions) => Promise<Colorizer>;

/** Runs the command. @param open default a colorizer of its own. @returns the exit code */
export async function serveCommand(argv: string[], open: Open = (options) => Colorizer.load(options)): Promise<number> {
  try {
    const request = readArguments(argv, process.env);
    if (request) return await serve(request, open);
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
async function serve(request: ServeRequest, open: Open): Promise<number> {
  const { load, maxPixels, page, port, host, ...limits } = request;
  const files = page ? { page: readPage(fileURLToPath(new URL('../web/', import.meta.url))) } : {};
  const signal = new Promise<NodeJS.Signals>((first) => onStopSignal(first));
  const colorizer = await open(load);
  sayLine(`device: ${colorizer.gpu.name} (${colorizer.gpu.source})`);
  await warmUp(colorizer);
  let isLost = false;
  const lost = colorizer.gpu.device.lost.then(({ message }) => {
    isLost = true;
    return { message: `the device was lost: ${message}` };
  });
  const onFault = (error: unknown) => sayFailed(`failed: ${error instanceof Error ? reasonOf(error) : error}`, error);
  const service = new Service({
    ...limits,
    ...files,
    color: whileThere(colorWith(colorizer, maxPixels), () => isLost),
    version: VERSION,
    onFault,
  });
  const address = await service.listen(port, host).catch((cause: NodeJS.ErrnoException) => {
    const hint = 'choose another --port or --host';
    throw new EnvironmentError({ where: `${host}:${port}`, expected: 'a free address', got: `${cause.code}`, hint });
  });
  print(`listening: http://${host.includes(':') ? `[${host}]` : host}:${address.port}/\n`);
  const reason = await Promise.race([signal, lost]);
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

/** What fails for the loss of the device is no fault of its picture: another service may color it, or this one when it is back. */
function whileThere(color: Color, isLost: () => boolean): Color {
  return async (...request) => {
    try {
      return await color(...request);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      // The loss may be told just after what it makes fail.
      await new Promise(setImmediate);
      if (!isLost()) throw error;
      const hint = 'try again, or ask another one';
      const parts = { where: 'service', expected: 'a device', got: 'one that was lost', hint };
      throw new Refusal(503, parts, { 'retry-after': '5' });
    }
  };
}

/** Colors a small picture: what is ready has been seen to work. @throws DeviceError */
async function warmUp(colorizer: Colorizer): Promise<void> {
  const data = new Uint8ClampedArray(32 * 32 * 4).fill(128);
  await colorizer.colorize({ data, width: 32, height: 32 });
}
