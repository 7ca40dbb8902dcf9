/**
 * Mark of origin in XMP: that a picture's colors are a program's. Properties are put into a packet that may hold others,
 * which stay as they are; and a packet into JPEG and PNG files. XMP: ISO 16684-1; the kinds of sources: IPTC NewsCodes.
 */
import type { Origin } from '../raster/picture.ts';
import { concat, latin } from './bytes.ts';
import { insertSegment } from './jpeg.ts';
import { chunk, insertChunks } from './png.ts';

const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const XMP = 'http://ns.adobe.com/xap/1.0/';
const IPTC = 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/';
const OWN = 'urn:koalarize:1.0/';

/**
 * "Algorithmically-altered media: modification or correction by algorithm without changing the main content of the media,
 * initiated or configured by a human". Not `compositeWithTrainedAlgorithmicMedia`, which is for generative models: here
 * every pixel keeps its lightness, and nothing is drawn.
 */
const SOURCE_TYPE = 'http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced';
/** What says more than that already, and stays: made by a generative model, or in part. */
const STRONGER =
  /\/(trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia|compositeSynthetic|algorithmicMedia)$/;

/** A start tag. No `<` inside: so time is linear, whatever stands there. */
const TAG = /<[^<>!?/"'](?:[^<>"']|"[^<"]*"|'[^<']*')*>/g;

/**
 * Marks a packet: `Iptc4xmpExt:DigitalSourceType`, `xmp:CreatorTool` where there is none (it is for the first tool), and
 * `koalarize:ColoredBy` and `koalarize:WeightsSHA256`. All else stays. What is no packet is replaced by one.
 */
export function markXmp(xmp: string | undefined, { program, weights }: Origin): string {
  const end = xmp && [...xmp.matchAll(/<\/([\w.-]+):RDF\s*>/g)].at(-1);
  const [packet, prefix] = end ? [xmp, end[1]!] : [emptyPacket(), 'rdf'];
  const { text, values } = without(packet, prefixesOf(packet, IPTC), 'DigitalSourceType');
  const plain = without(text, prefixesOf(text, OWN), '\\w+').text;
  const had = values.find((value) => STRONGER.test(value));
  const tools = prefixesOf(plain, XMP);
  const hasTool = tools.some((name) => new RegExp(`[\\s<]${name}:CreatorTool[\\s=>]`).test(plain));
  const about = new RegExp(`\\s${prefix}:about\\s*=\\s*("[^<"]*"|'[^<']*')`).exec(plain)?.[1] ?? '""';
  const properties = [
    `xmlns:Iptc4xmpExt="${IPTC}" Iptc4xmpExt:DigitalSourceType="${escaped(had ?? SOURCE_TYPE)}"`,
    ...(hasTool ? [] : [`xmlns:xmp="${XMP}" xmp:CreatorTool="${escaped(program)}"`]),
    `xmlns:koalarize="${OWN}" koalarize:ColoredBy="${escaped(program)}" koalarize:WeightsSHA256="${escaped(weights)}"`,
  ];
  // A former mark leaves a description of nothing.
  const kept = plain.replace(
    new RegExp(
      `<${prefix}:Description(?:\\s+(?:xmlns:[\\w-]+|${prefix}:about)\\s*=\\s*(?:"[^<"]*"|'[^<']*'))*\\s*/>`,
      'g',
    ),
    '',
  );
  const at = kept.lastIndexOf(`</${prefix}:RDF`);
  return `${kept.slice(0, at)}<${prefix}:Description ${prefix}:about=${about} ${properties.join(' ')}/>${kept.slice(at)}`;
}

function emptyPacket(): string {
  const rdf = `<rdf:RDF xmlns:rdf="${RDF}"></rdf:RDF>`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">${rdf}</x:xmpmeta><?xpacket end="w"?>`;
}

/** The prefixes that stand for a namespace. */
function prefixesOf(text: string, namespace: string): string[] {
  const found = [...text.matchAll(/\sxmlns:([\w-]+)\s*=\s*(?:"([^<"]*)"|'([^<']*)')/g)];
  return [...new Set(found.filter(([, , one, other]) => (one ?? other) === namespace).map(([, prefix]) => prefix!))];
}

/** Takes properties out, as attributes and as elements. @param name a regular expression */
function without(text: string, prefixes: readonly string[], name: string): { text: string; values: string[] } {
  const values: string[] = [];
  const take = (_: string, ...groups: (string | undefined)[]) => {
    values.push((groups.slice(0, -2).find((group) => group !== undefined) ?? '').trim());
    return '';
  };
  for (const prefix of prefixes) {
    const attribute = new RegExp(`\\s${prefix}:${name}\\s*=\\s*(?:"([^<"]*)"|'([^<']*)')`, 'g');
    const element = new RegExp(
      `<${prefix}:(?:${name})(?:\\s+[\\w-]+:resource\\s*=\\s*"([^<"]*)")?\\s*(?:/>|>([^<]*)</${prefix}:(?:${name})\\s*>)`,
      'g',
    );
    text = text.replace(element, take).replace(TAG, (tag) => tag.replace(attribute, take));
  }
  return { text, values };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** Puts a packet into a JPEG or PNG file that has none. */
export function insertXmp(file: Uint8Array, type: 'image/jpeg' | 'image/png', xmp: string): Uint8Array {
  const packet = new TextEncoder().encode(xmp);
  if (type === 'image/jpeg') return insertSegment(file, 0xe1, concat([latin(`${XMP}\0`), packet]));
  // Not compressed, no language, no translated keyword.
  return insertChunks(file, [chunk('iTXt', concat([latin('XML:com.adobe.xmp\0\0\0\0\0'), packet]))]);
}
