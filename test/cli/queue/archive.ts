/** An archive of many small photographs, and what workers need beside it. */
import { link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writePicture } from '../../support/pictures.ts';
import { temporaryFolder, writeTestWeights } from '../../support/run.ts';
import { bundleStub } from './stub_program.ts';

/** Different pictures; the others are links to them. */
const PICTURES = 50;
const FOLDERS = 20;

export interface Archive {
  readonly photos: string;
  readonly weights: string;
  /** The worker of stub.ts. */
  readonly program: string;
}

export async function archiveOf(photographs: number): Promise<Archive> {
  const folder = await temporaryFolder();
  const archive = { photos: join(folder, 'photos'), weights: join(folder, 'weights.safetensors') };
  await writeTestWeights(archive.weights);
  for (let i = 0; i < PICTURES; i++) await writePicture(join(folder, `${i}.png`), i, 24, 16);
  for (let i = 0; i < FOLDERS; i++) await mkdir(join(archive.photos, `${i}`), { recursive: true });
  for (let i = 0; i < photographs; i++) {
    await link(join(folder, `${i % PICTURES}.png`), join(archive.photos, `${i % FOLDERS}`, `${i}.png`));
  }
  return { ...archive, program: await bundleStub() };
}
