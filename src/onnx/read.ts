/** ONNX files from bytes, a path or a URL, with the external data beside them. */
import { EnvironmentError, FormatError } from '../runtime/errors.ts';
import { loadBytes } from '../runtime/fetch_bytes.ts';
import { isLfsPointer } from '../runtime/lfs_pointer.ts';
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
  const given = new Map(Object.entries(options.external ?? {}));
  const external = await readExternal(bytes, name, inMemory ? undefined : source, given);
  const file = decodeOnnx(bytes, name, external);
  return { ...file, sha256: await sha256OfFiles([bytes, ...external.values()]) };
}

/**
 * Reads the external files that a model refers to.
 *
 * @param source where the model lies, and they beside it; undefined: only those that are given can be had
 * @returns bytes by location, sorted
 * @throws FormatError for one that is not there, or a Git LFS pointer.
 */
export async function readExternal(
  bytes: Uint8Array,
  name: string,
  source: string | URL | undefined,
  given: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<Map<string, Uint8Array>> {
  const external = new Map<string, Uint8Array>();
  for (const location of externalLocations(bytes, name)) {
    const found = given.get(location) ?? (source === undefined ? undefined : await readBeside(name, source, location));
    if (found) external.set(location, found);
  }
  return external;
}

async function readBeside(name: string, source: string | URL, location: string): Promise<Uint8Array> {
  const expected = `the model's weights, which are stored beside it in '${location}'`;
  const pointer = (cause?: unknown) =>
    new FormatError(
      { where: name, expected, got: 'a Git LFS pointer to them', hint: "fetch them with 'git lfs pull'" },
      { cause },
    );
  const bytes = await loadBytes(beside(source, location)).catch((cause: unknown) => {
    if (cause instanceof FormatError) throw pointer(cause);
    if (!(cause instanceof EnvironmentError)) throw cause;
    const { got = 'none' } = cause;
    const hint = 'put that file into the folder of the model, and keep its name';
    throw new EnvironmentError({ where: name, expected, got, hint }, { cause });
  });
  if (!isLfsPointer(bytes)) return bytes;
  throw pointer();
}

/** Where a file lies whose location is told from a model's folder. */
function beside(source: string | URL, location: string): string | URL {
  if (source instanceof URL || /^https?:/.test(source))
    return new URL(location.split('/').map(encodeURIComponent).join('/'), source);
  return source.replace(/[^/\\]*$/, '') + location;
}
