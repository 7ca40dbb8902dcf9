/** A consumer's script, bundled by esbuild: what a browser loads at once, and what only when it is asked for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import type { Consumer } from './consumer.ts';

export interface Bundle {
  /** Bytes of all that is loaded with the page, each file gzipped. */
  readonly eagerBytes: number;
  /** The sources of that, and of what is loaded on demand alone. */
  readonly eager: readonly string[];
  readonly lazy: readonly string[];
}

/** Bundles `entry`, a file in the consumer's folder, for browsers into the folder `out`. */
export async function bundle({ folder }: Consumer, entry: string, out: string): Promise<Bundle> {
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: [entry],
    outdir: out,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    loader: { '.safetensors': 'file', '.onnx': 'file' },
    metafile: true,
    logLevel: 'silent',
  });
  const { outputs } = metafile;
  const [first] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry)!;
  const eager = reached(outputs, first);
  const scripts = Object.keys(outputs).filter((name) => name.endsWith('.js'));
  const sources = (names: readonly string[]) => names.flatMap((name) => Object.keys(outputs[name]!.inputs));
  let eagerBytes = 0;
  for (const name of eager) eagerBytes += gzipSync(await readFile(join(folder, name)), { level: 9 }).length;
  return { eagerBytes, eager: sources(eager), lazy: sources(scripts.filter((name) => !eager.includes(name))) };
}

/** `first`, what it imports statically, and so on. */
function reached(outputs: Metafile['outputs'], first: string): string[] {
  const found = new Set([first]);
  for (const name of found) {
    for (const { kind, path } of outputs[name]!.imports) if (kind === 'import-statement') found.add(path);
  }
  return [...found];
}
