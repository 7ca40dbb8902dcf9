/** The mark of origin: in a packet of its own, in one that holds others, and in files. */
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { insertXmp, markXmp } from '../../../src/image/file/xmp.ts';

const origin = { program: 'koalarize 0.1.0', weights: 'ab'.repeat(32) };
const IPTC = 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/';
const TYPES = 'http://cv.iptc.org/newscodes/digitalsourcetype';
const OURS = `Iptc4xmpExt:DigitalSourceType="${TYPES}/algorithmicallyEnhanced"`;

const packet = (inside: string, about = '') =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="${about}" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:e="${IPTC}" xmlns:xmp="http://ns.adobe.com/xap/1.0/"${inside}</rdf:RDF></x:xmpmeta>`;

/** Start tags must end in the order in which they began. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const tags = xml
    .replace(/<\?[\s\S]*?\?>/g, '')
    .matchAll(/<(\/?)([\w:.-]+)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/g);
  let length = 0;
  for (const [tag, ends, name, empty] of tags) {
    length += tag.length;
    if (ends) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name!);
  }
  expect(open).toEqual([]);
  expect(length).toBeGreaterThan(0);
  expect(xml.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
}

test('a packet of its own', () => {
  const xmp = markXmp(undefined, origin);
  expectWellFormed(xmp);
  expect(xmp).toMatch(/^<\?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"\?>/);
  expect(xmp).toContain(OURS);
  expect(xmp).toContain('xmp:CreatorTool="koalarize 0.1.0"');
  expect(xmp).toContain(`koalarize:ColoredBy="koalarize 0.1.0" koalarize:WeightsSHA256="${origin.weights}"`);
  // What is no packet is none, however it begins.
  for (const other of ['', '<x:xmpmeta>', 'text', '<rdf:RDF/>']) expect(markXmp(other, origin)).toBe(xmp);
});

describe('another packet', () => {
  test('keeps what it holds, and its first tool', () => {
    const before = packet(
      ' dc:format="image/jpeg" xmp:CreatorTool="Scanner 3 &amp; more"><dc:title>a &lt; b</dc:title></rdf:Description>',
      'uuid:1',
    );
    const after = markXmp(before, origin);
    expectWellFormed(after);
    expect(after.startsWith(before.slice(0, before.indexOf('</rdf:RDF>')))).toBe(true);
    expect(after).toContain('<rdf:Description rdf:about="uuid:1" xmlns:Iptc4xmpExt=');
    expect(after.match(/CreatorTool/g)).toHaveLength(1);
    expect(after).toContain(OURS);
  });

  test.each([
    ['as an attribute', ` e:DigitalSourceType="${TYPES}/print"/>`],
    ['as an element', `><e:DigitalSourceType>${TYPES}/print</e:DigitalSourceType></rdf:Description>`],
    ['as a resource', `><e:DigitalSourceType rdf:resource="${TYPES}/print"/></rdf:Description>`],
  ])('says its source once: the former one goes, %s', (_, inside) => {
    const after = markXmp(packet(inside), origin);
    expectWellFormed(after);
    expect(after.match(/DigitalSourceType/g)).toHaveLength(1);
    expect(after).toContain(OURS);
    const made = markXmp(packet(inside.replace('print', 'trainedAlgorithmicMedia')), origin);
    expect(made.match(/DigitalSourceType="[^"]*"/g)).toEqual([`DigitalSourceType="${TYPES}/trainedAlgorithmicMedia"`]);
  });

  test('that is marked already is marked once, with what it was colored with last', () => {
    const first = markXmp(packet('/>'), { program: 'koalarize 0.0.1', weights: 'cd'.repeat(32) });
    const again = markXmp(first, origin);
    expectWellFormed(again);
    for (const name of ['DigitalSourceType', 'ColoredBy', 'WeightsSHA256']) {
      expect(again.match(new RegExp(`${name}=`, 'g')), name).toHaveLength(1);
    }
    expect(again).toContain(`WeightsSHA256="${origin.weights}"`);
    expect(again).toContain('xmp:CreatorTool="koalarize 0.0.1"');
    expect(markXmp(again, origin)).toBe(again);
  });

  test('with other prefixes, and names in texts that only look alike', () => {
    const text = `the ${TYPES}/print and e:DigitalSourceType="x"`;
    const before = packet(`><dc:title>${text}</dc:title></rdf:Description>`)
      .replaceAll('rdf:', 'r:')
      .replace(':rdf=', ':r=');
    const after = markXmp(before, origin);
    expectWellFormed(after);
    expect(after).toContain(`<dc:title>${text}</dc:title>`);
    expect(after).toContain('<r:Description r:about="" xmlns:Iptc4xmpExt=');
  });

  test('of a hostile kind takes no longer than it is long', () => {
    const bad = ['<a b="', '<e:DigitalSourceType ', ' xmlns:e="', "<rdf:RDF a='"].map((part) => part.repeat(2 ** 16));
    const start = process.cpuUsage().user;
    for (const inside of bad) markXmp(packet(`>${inside}`), origin);
    // Quadratic time would be hours.
    expect(process.cpuUsage().user - start).toBeLessThan(20e6);
  });
});

test.each(['image/jpeg', 'image/png'] as const)('a file: %s', async (type) => {
  const image = sharp({ create: { width: 8, height: 8, channels: 3, background: '#864' } });
  const file = await (type === 'image/jpeg' ? image.jpeg() : image.png()).toBuffer();
  const xmp = markXmp(undefined, { ...origin, program: 'koalarize ü' });
  const marked = insertXmp(file, type, xmp);
  const read = await sharp(marked).metadata();
  expect(read.xmp!.toString('utf8')).toBe(xmp);
  expect(await sharp(marked).raw().toBuffer()).toEqual(await sharp(file).raw().toBuffer());
});
