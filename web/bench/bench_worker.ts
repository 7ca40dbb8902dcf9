/** The benchmark, in a worker of its own: the page stays responsive, and ends it to stop. */
import { measureCeilings } from '../../bench/ceilings.ts';
import { defaultRounds, measure } from '../../bench/measure.ts';
import { describeMethod } from '../../bench/method.ts';
import { sectionsOf } from '../../bench/sections.ts';
import type { Rivals } from '../../bench/workload.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import type { Message, Request } from './messages.ts';
import { loadTfjs } from './tfjs.ts';

const post = (message: Message) => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  run(data).then(
    () => post({ kind: 'done' }),
    (cause: Error) => post({ kind: 'failed', message: cause.message }),
  );
});

async function run(request: Request): Promise<void> {
  const { groups, quick, tune, filter } = request;
  const progress = (done: number, total: number, what: string) =>
    post({ kind: 'doing', what: `Looking for the fastest kernel, ${done} of ${total}: ${what}` });
  const gpu = await Gpu.open({ ...(tune && { tune: { progress } }) });
  post({ kind: 'doing', what: 'Loading TensorFlow.js' });
  const tfjs = await loadTfjs(gpu.name);
  const rivals: Partial<Rivals> = typeof tfjs === 'string' ? {} : { tfjs };
  post({ kind: 'doing', what: 'Measuring what the device can do at best' });
  const ceilings = await measureCeilings(gpu);
  const rounds = defaultRounds(quick);
  const facts = { ...describeRun(gpu, tfjs, request), ...describeMethod(rounds, ceilings) };
  post({ kind: 'facts', facts, ceilings });

  const words = filter.toLowerCase().split(/\s+/);
  for (const group of groups) {
    for (const { title, workloads } of await sectionsOf(group, gpu, request)) {
      const wanted = workloads.filter(({ name }) => {
        const text = `${title} ${name}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
      if (wanted.length > 0) post({ kind: 'section', title, workloads: wanted.map(({ name }) => name) });
      for (const workload of wanted) {
        post({ kind: 'doing', what: `Measuring ${workload.name}` });
        post({ kind: 'row', row: { section: title, ...(await measure(workload, gpu, rivals, rounds)) } });
      }
    }
  }
  await gpu.close();
}

/** Who runs what, and where: the browser's part of what is said above the tables. */
function describeRun(
  gpu: Gpu,
  tfjs: Rivals['tfjs'] | string,
  { groups, quick, full, batch, tune, filter }: Request,
): Record<string, string> {
  const name = '@tensorflow/tfjs-backend-webgpu';
  const rival = typeof tfjs === 'string' ? [] : [`${name} ${tfjs.tf.version_core}`];
  const arms = [
    `${[`koalarize${tune ? ' (tuned)' : ''}`, ...rival].join(', ')}, as shipped, on the browser's WebGPU`,
    ...(typeof tfjs === 'string' ? [`${name} left out: ${tfjs}`, 'results NOT CHECKED'] : []),
  ];
  const extent = quick ? ', quick' : full ? ', full' : '';
  return {
    command: `bench.html: ${groups.join(', ')}${extent}, batch ${batch}${filter && `, only '${filter}'`}`,
    date: new Date().toISOString(),
    adapter: `${gpu.name} (${gpu.source}), ${navigator.hardwareConcurrency} CPU cores`,
    runtime: navigator.userAgent,
    arms: arms.join('; '),
  };
}
