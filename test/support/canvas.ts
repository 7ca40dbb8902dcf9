/** What is on the page's canvas of the colored picture. */
import type { Page } from 'playwright-core';

/** Means over its pixels, in codes: `spread` of max - min over the components, `blue` of blue - red. */
export function coloredCanvas(page: Page): Promise<{ spread: number; blue: number }> {
  return page.locator('#compare canvas:nth-of-type(2)').evaluate((canvas: HTMLCanvasElement) => {
    const { width, height } = canvas;
    // A copy: the browser warns of reading one that is drawn on the graphics card.
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    let [spread, blue] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
      spread += Math.max(r, g, b) - Math.min(r, g, b);
      blue += b - r;
    }
    const pixels = data.length / 4;
    return { spread: spread / pixels, blue: blue / pixels };
  });
}
