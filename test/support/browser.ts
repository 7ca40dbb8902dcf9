/**
 * A real browser for tests: the headless Chromium in the npm package `@sparticuz/chromium`, with SwiftShader for WebGPU.
 * Unpacked once, into node_modules; the package brings the libraries and fonts that a bare system has not.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { readTar } from '../../src/runtime/node/swiftshader.ts';

/** Starts it. The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const folder = await unpacked();
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
    env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_PATH: folder },
  });
}

const root = resolve(import.meta.dirname, '../..');

async function unpacked(): Promise<string> {
  const packageFolder = resolve(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '../..');
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const folder = join(root, 'node_modules/.cache/koalarize', `chromium-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}.`);
  const read = async (name: string) => promisify(brotliDecompress)(await readFile(join(packageFolder, 'bin', name)));
  await writeFile(join(temporary, 'chromium'), await read('chromium.br'), { mode: 0o755 });
  for (const archive of ['al2023.tar.br', 'swiftshader.tar.br', 'fonts.tar.br']) {
    for (const [name, data] of readTar(await read(archive))) {
      await mkdir(dirname(join(temporary, name)), { recursive: true });
      await writeFile(join(temporary, name), data);
    }
  }
  // The package's own names folders of another machine.
  const fonts = `<fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${join(folder, 'font-cache')}</cachedir></fontconfig>`;
  await writeFile(join(temporary, 'fonts.conf'), fonts);
  // Where another process was faster, its folder is as good.
  await rename(temporary, folder).catch(() => rm(temporary, { recursive: true }));
  return folder;
}
