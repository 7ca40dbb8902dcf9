/** File input: choosing, dropping anywhere on the page, pasting, and the example. */
import { byId } from './elements.ts';
import { plain, withPlainName } from './photographs/file_name.ts';
import { besidePage } from './worker/start.ts';

/**
 * Listens to all of them.
 *
 * @param take gets at least one file
 * @param fail gets a sentence
 */
export function openFileInput(take: (files: readonly File[]) => void, fail: (message: string) => void): void {
  const takeAll = (files: FileList | null | undefined) => {
    if (files?.length) take(Array.from(files, withPlainName));
  };
  const input = byId<HTMLInputElement>('files');
  input.addEventListener('change', () => {
    takeAll(input.files);
    // So that the same file can be chosen again.
    input.value = '';
  });
  for (const id of ['choose', 'more']) byId(id).addEventListener('click', () => input.click());

  const mark = (over: boolean) => document.body.classList.toggle('over', over);
  addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(true);
  });
  addEventListener('dragleave', (event) => mark(event.relatedTarget !== null));
  addEventListener('drop', (event) => {
    event.preventDefault();
    mark(false);
    const { items, files } = event.dataTransfer ?? {};
    const folders = Array.from(items ?? [], (item) => item.webkitGetAsEntry()).filter((entry) => entry?.isDirectory);
    for (const folder of folders) {
      fail(`${plain(folder!.name)}: expected a picture, got a folder – open it and drop the pictures in it`);
    }
    const names = new Set(folders.map((folder) => folder!.name));
    const pictures = Array.from(files ?? []).filter(({ name }) => !names.has(name));
    if (pictures.length > 0) take(pictures.map(withPlainName));
  });
  addEventListener('paste', (event) => takeAll(event.clipboardData?.files));

  byId('example').addEventListener('click', async () => {
    try {
      const response = await fetch(besidePage(BUILT.example));
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      take([new File([await response.blob()], 'dust-bowl-home.jpg', { type: 'image/jpeg' })]);
    } catch (cause) {
      fail(`The example could not be loaded: ${(cause as Error).message}.`);
    }
  });
}
