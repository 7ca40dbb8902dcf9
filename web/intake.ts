/** The ways in: choosing, dropping anywhere on the page, pasting, and the example. */
import { find } from './elements.ts';
import { besidePage } from './worker_start.ts';

/**
 * Listens to all of them.
 *
 * @param take gets at least one file
 * @param fail gets a sentence
 */
export function openIntake(take: (files: readonly File[]) => void, fail: (message: string) => void): void {
  const takeAll = (files: FileList | null | undefined) => {
    if (files?.length) take([...files]);
  };
  const input = find<HTMLInputElement>('files');
  input.addEventListener('change', () => {
    takeAll(input.files);
    // So that the same file can be chosen again.
    input.value = '';
  });
  for (const id of ['choose', 'more']) find(id).addEventListener('click', () => input.click());

  const mark = (over: boolean) => document.body.classList.toggle('over', over);
  addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(true);
  });
  addEventListener('dragleave', (event) => mark(event.relatedTarget !== null));
  addEventListener('drop', (event) => {
    event.preventDefault();
    mark(false);
    takeAll(event.dataTransfer?.files);
  });
  addEventListener('paste', (event) => takeAll(event.clipboardData?.files));

  find('example').addEventListener('click', async () => {
    try {
      const response = await fetch(besidePage(BUILT.example));
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      take([new File([await response.blob()], 'dust-bowl-home.jpg', { type: 'image/jpeg' })]);
    } catch (cause) {
      fail(`The example could not be loaded: ${(cause as Error).message}.`);
    }
  });
}
