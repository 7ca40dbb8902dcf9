/** Commands of `npm run isa`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Complaint } from './complaint.ts';
import { makerOf } from './gpus.ts';
import type { Picked } from './layers.ts';
import type { CommandName, Options } from './options.ts';
import { marks } from './output.ts';
import { report } from './report.ts';
import { type Compiled, Session } from './session.ts';
import { kernelTable, table } from './table.ts';
import { toolsFolder } from './tools.ts';

export const COMMANDS: Readonly<Record<CommandName, (options: Options) => void>> = {
  setup,
  kernels: (options) => kernels(new Session(options)),
  dump: (options) => dump(new Session(options)),
  rivals: (options) => rivals(new Session(options)),
  report: (options) => {
    const session = new Session(options);
    for (const gpu of gpusOf(session)) console.log(report(session, gpu));
  },
  host: (options) => host(new Session(options)),
};

function setup({ intel }: Options): void {
  const script = resolve('bench/isa/native/setup.sh');
  const { status } = spawnSync('bash', [script, ...(intel ? [] : ['--no-intel']), toolsFolder()], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

function gpusOf({ options: { gpus }, tools }: Session): readonly string[] {
  return gpus.length ? gpus : ['navi31', ...(tools.complete ? ['bmg'] : []), 'sm_90'];
}

function heading({ tools, options }: Session, gpu: string): void {
  const { subgroup, precision, dawn } = options;
  const extras = [subgroup && `subgroups of ${subgroup}`, precision === 'f16' && precision, dawn].filter(Boolean);
  console.log(`\n## ${[`${gpu}: ${tools.versions[makerOf(gpu)]}`, ...extras].join(', ')}\n`);
}

/** Prints kernels. The command fails where there are none. */
function show({ kernels, errors }: Compiled): void {
  for (const error of errors) console.log(`not compiled: ${error}`);
  if (kernels.length) console.log(kernelTable(kernels));
  else {
    process.exitCode = 1;
    console.log('Nothing was compiled.');
  }
}

function kernels(session: Session): void {
  const { rest, all, layers } = session.options;
  const found: Record<string, object> = {};
  for (const gpu of gpusOf(session)) {
    heading(session, gpu);
    const named = all ? ['*'] : rest;
    const picked = layers || named.length === 0 ? session.layers(gpu) : undefined;
    if (layers) for (const each of picked ?? []) console.log(lineOf(each));
    const patterns = picked?.flatMap((each) => each.kernels) ?? named;
    const compiled = session.compile(gpu, [...new Set(patterns)]);
    show(compiled);
    found[gpu] = { ...compiled, ...(picked && { layers: picked }) };
  }
  save(session, found);
}

function lineOf({ batch, layer, direction, algorithms, kernels }: Picked): string {
  const [first, ...others] = algorithms;
  return `batch ${batch} ${layer} ${direction}: ${first} (then ${others.join(', ')}): ${kernels.join(', ')}`;
}

function rivals(session: Session): void {
  const found: Record<string, object> = {};
  for (const gpu of gpusOf(session)) {
    heading(session, gpu);
    const compiled = session.rivals(gpu);
    show(compiled);
    found[gpu] = compiled;
  }
  save(session, found);
}

function dump(session: Session): void {
  const { rest, gpus, out } = session.options;
  const [kernel, variant] = rest;
  if (rest.length !== 2) throw new Complaint('dump: expected KERNEL VARIANT (- for a kernel that has none)');
  const all = gpus.length ? gpus : ['navi31'];
  for (const gpu of all) {
    const { kernels, errors } = session.compile(gpu, [variant === '-' ? kernel! : `${kernel}/${variant}`]);
    for (const error of errors) console.log(`not compiled: ${error}`);
    for (const { label, code = [], loop, error } of kernels) {
      if (error) {
        console.log(`not compiled: ${label}: ${error}`);
        continue;
      }
      const file = out && kernels.length * all.length === 1 ? out : `${label.replaceAll('/', '_')}.${gpu}.s`;
      writeFileSync(file, `${code.join('\n')}\n`);
      console.log(`${file}: ${code.length} lines${loop ? `, the main loop in ${loop.lines.join(' to ')}` : ''}`);
    }
  }
}

function host(session: Session): void {
  const { gpus, arms } = session.options;
  const found: Record<string, object> = {};
  for (const gpu of gpus.length ? gpus : ['navi31']) {
    if (makerOf(gpu) === 'NVIDIA') throw new Complaint(`host: expected a GPU of AMD or Intel, got '${gpu}'`);
    heading(session, gpu);
    const text = session.start('host', gpu, { folder: session.scratch, arms }, { answers: true, quiet: true });
    for (const error of marks(text, 'ERROR')) console.log(error);
    const results = marks(text, 'RESULT').map((line) => JSON.parse(line) as Record<string, number | string>);
    const rounded = results.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          typeof value === 'number' ? Math.round(value * 10) / 10 : value,
        ]),
      ),
    );
    console.log('Microseconds a run, the wait for the device with it:');
    const parts = ['dispatches', 'submits', 'encode', 'finish', 'submit', 'per dispatch'];
    console.log(table(rounded, ['arm', 'what', 'median', 'least', 'cpu', ...parts]));
    found[gpu] = results;
  }
  save(session, found);
}

function save({ options: { json, subgroup, dawn, precision }, tools: { versions } }: Session, gpus: object): void {
  if (!json) return;
  const whole = { versions, subgroup, dawn, precision, gpus };
  writeFileSync(json, `${JSON.stringify(whole, (key, value) => (key === 'code' ? undefined : value), 1)}\n`);
}
