/** The mark of origin in files that are written, and XMP that is too long for a JPEG. */
import { expect, test } from 'vitest';
import { encodeImage, readImage } from '../../../src/image/node.ts';

const origin = { program: 'koalarize 0.1.0', weights: 'ab'.repeat(32) };
const plain = { data: new Uint8ClampedArray(8 * 8 * 4).fill(255), width: 8, height: 8 };
const said = (length: number) =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="${'a'.repeat(length)}"/></rdf:RDF></x:xmpmeta>`;

test.each([
  ['png', 70_000, true],
  ['jpg', 59_000, true],
  ['jpg', 60_000, false],
  ['jpg', 70_000, false],
])('%s with %d bytes of XMP: kept %s, and marked', async (extension, length, kept) => {
  const name = `a.${extension}`;
  const metadata = { xmp: said(length) };
  const told = kept ? [] : ['a.jpg: JPEG cannot hold more than 60000 bytes of XMP – left out'];
  const marked = await encodeImage(name, { ...plain, origin }, { metadata });
  expect(marked.warnings).toEqual(told);
  const { xmp } = (await readImage(marked.bytes)).metadata;
  expect(xmp).toContain(`koalarize:WeightsSHA256="${origin.weights}"`);
  expect(xmp!.includes('dc:source')).toBe(kept);
  const unmarked = await encodeImage(name, { ...plain, origin }, { metadata, mark: false });
  expect(unmarked.warnings).toEqual(told);
  expect((await readImage(unmarked.bytes)).metadata.xmp).toBe(kept ? metadata.xmp : undefined);
});
