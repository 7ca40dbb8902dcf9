/** ONNX files from bytes, a path or a URL, with the external data beside them. */
import { loadBytes } from '../runtime/load.ts';
import { decodeOnnx, externalLocations } from './decode.ts';
import type { OnnxFile } from './model.ts';
import { sha256OfFiles } from './sha256.ts';

export { selectOutputs } from './select.ts';

/** How `readOnnx` finds what it needs. */
export interface ReadOptions {
  /** For messages. Default: the path or URL. */
  readonly name?: string;
  /** External files by location; those that are not here are read beside a model that comes from a path or URL. */
  readonly external?: Readonly<Record<string, Uint8Array>>;
}

/**
 * Reads a model.
 *
 * @throws FormatError when the model or its external data is missing, damaged, or not what can be decoded.
 */
export async function readOnnx(source: Uint8Array | string | URL, options: ReadOptions = {}): Promise<OnnxFile> {
  const inMemory = source instanceof Uint8Array;
  const name = options.name ?? (inMemory ? 'model' : String(source));
  const bytes = inMemory ? source : await loadBytes(source);
  const external = new Map<string, Uint8Array>();
  for (const location of externalLocations(bytes, name)) {
    const given = Object.hasOwn(options.external ?? {}, location) ? options.external?.[location] : undefined;
    const found = given ?? (inMemory ? undefined : await loadBytes(beside(source, location)));
    if (found) external.set(location, found);
  }
  const file = decodeOnnx(bytes, name, external);
  return { ...file, sha256: await sha256OfFiles([bytes, ...external.values()]) };
}

/** Where a file lies whose location is told from a model's folder. */
function beside(source: string | URL, location: string): string | URL {
  if (source instanceof URL || /^https?:/.test(source))
    return new URL(location.split('/').map(encodeURIComponent).join('/'), source);
  return source.replace(/[^/\\]*$/, '') + location;
}
