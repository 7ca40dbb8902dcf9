/** `koalarize devices`: what there is to run on, and what would be chosen. */
import { adapterName } from '../runtime/adapter.ts';
import { FEATURES, LIMITS } from '../runtime/device.ts';
import { DeviceError } from '../runtime/errors.ts';
import { listNodeAdapters, type NodeAdapter, requestNodeAdapter } from '../runtime/node/adapters.ts';
import { labelTable } from '../util/table.ts';
import { print, printJson, sayLine } from './shared/messages.ts';

/**
 * Prints every adapter with its source, features and limits to stdout, as text or (`json`) as an array.
 *
 * @returns the exit code: 1 where there is nothing to run on, with the reason on stderr.
 */
export async function devices(args: { json: boolean }): Promise<number> {
  try {
    const adapters = await listNodeAdapters();
    // Before the choice, which may fail: what there is helps then.
    const chosen = await requestNodeAdapter('auto').catch((cause: Error) => cause);
    const isChosen = (of: NodeAdapter) =>
      !(chosen instanceof Error) &&
      chosen.source === of.source &&
      adapterName(chosen.adapter.info) === adapterName(of.adapter.info);
    const reports = adapters.map((adapter) => report(adapter, isChosen(adapter)));
    if (args.json) printJson(reports, 2);
    else print(reports.map(text).join('\n'));
    if (chosen instanceof Error) throw chosen;
    return 0;
  } catch (cause) {
    if (!(cause instanceof DeviceError)) throw cause;
    sayLine(cause.message);
    return 1;
  }
}

type Report = ReturnType<typeof report>;

function report({ adapter, deviceName, backend, source }: NodeAdapter, chosen: boolean) {
  const { info } = adapter;
  return {
    device: deviceName,
    source,
    chosen,
    name: adapterName(info),
    backend,
    driver: info.description,
    subgroupSizes: [info.subgroupMinSize, info.subgroupMaxSize] as const,
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
  };
}

function text({ device, source, chosen, name, backend, driver, subgroupSizes, features, limits }: Report): string {
  const [smallest, largest] = subgroupSizes;
  const uses = FEATURES.map((feature) => `${feature} ${features.includes(feature) ? 'yes' : 'no'}`);
  const others = features.filter((feature) => !(FEATURES as readonly string[]).includes(feature));
  const rows: [string, string][] = [
    ['name', name],
    ['backend', backend],
    ['driver', driver || 'not told'],
    ['used features', uses.join(', ')],
    ['subgroup size', smallest === largest ? `${smallest}` : `${smallest} to ${largest}`],
    ...Object.entries(limits).map(([limit, value]): [string, string] => [limit, amount(limit, value)]),
    ['other features', others.join(', ')],
  ];
  const title = `${device} – ${source}${chosen ? ' – chosen by default' : ''}`;
  return `${title}\n${labelTable(rows)}`;
}

/** A limit with its unit: sizes and storage are in bytes, the others are counts. */
function amount(limit: string, value: number): string {
  if (!/Size$|StorageSize$/.test(limit)) return value.toLocaleString('en');
  return value >= 2 ** 20 ? `${(value / 2 ** 20).toFixed(1)} MiB` : `${value / 2 ** 10} KiB`;
}
