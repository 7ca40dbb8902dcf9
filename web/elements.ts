/** Small things that every page does with its elements. */

/** The element with that id. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** Saves bytes as a file, under a name. */
export function saveFile(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Some browsers read it a little later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Puts pixels on a canvas, which takes their size. */
export function draw(
  canvas: HTMLCanvasElement,
  pixels: { data: Uint8ClampedArray<ArrayBuffer>; width: number; height: number },
): void {
  const { data, width, height } = pixels;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0);
}
