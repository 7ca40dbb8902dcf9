/**
 * ONNX's protobuf messages, by onnx-proto, read within bounds. Not what they mean: see decode.ts and tensor.ts.
 *
 * Tensors stay encoded: a view of the file's bytes, so that a file of 250 MB is held once. Everything else is small
 * in real models, and its amount is limited, since an empty message of two bytes becomes an object of a hundred times that.
 */
import { onnx } from 'onnx-proto';
import { Reader } from 'protobufjs/minimal.js';
import { FormatError } from '../runtime/errors.ts';
import { isLfsPointer } from '../runtime/lfs_pointer.ts';

export { onnx, Reader };

/** Tags, lengths and numbers outside tensors: those of some 12,000 convolutions with all shapes told. */
const LIMIT = 2 ** 20;

/** A tensor as `decodeModel` leaves it. */
interface EncodedTensor {
  readonly encoded: Uint8Array;
}

type Long = ReturnType<Reader['int64']>;

const utf8 = new TextDecoder();

/** Reads messages whose 64-bit integers become numbers, and whose tensors become `EncodedTensor`. */
class StructureReader extends Reader {
  #left = LIMIT;

  override uint32(): number {
    this.#count();
    return super.uint32();
  }

  // A Long is several times larger; the generated code takes either, and `toNumber` too.
  override int64(): Long {
    this.#count();
    return toNumber(super.int64()) as unknown as Long;
  }

  override float(): number {
    this.#count();
    return super.float();
  }

  override string(): string {
    return utf8.decode(this.bytes());
  }

  tensor(length: number): EncodedTensor {
    const start = this.pos;
    this.skip(length);
    return { encoded: this.buf.subarray(start, this.pos) };
  }

  #count(): void {
    if (this.#left-- === 0) throw new RangeError(`more than ${LIMIT} fields besides the tensors' numbers`);
  }
}

// The generated decoders look this function up each time that a message holds a tensor.
const decodeWhole = onnx.TensorProto.decode;
onnx.TensorProto.decode = (reader, length) =>
  reader instanceof StructureReader && length !== undefined
    ? (reader.tensor(length) as EncodedTensor & onnx.TensorProto)
    : decodeWhole(reader, length);

/**
 * Decodes a model's structure.
 *
 * @param name for messages
 * @throws FormatError when it is damaged, truncated or endless, or a Git LFS pointer.
 */
export function decodeModel(bytes: Uint8Array, name: string): onnx.ModelProto {
  if (isLfsPointer(bytes)) {
    throw new FormatError({
      where: name,
      expected: 'an ONNX model',
      got: 'a Git LFS pointer to it',
      hint: "fetch it with 'git lfs pull'",
    });
  }
  return guard(name, () => onnx.ModelProto.decode(new StructureReader(bytes)));
}

/** The bytes of a tensor in what `decodeModel` returned. */
export function encodedOf(tensor: onnx.ITensorProto): Uint8Array {
  return (tensor as EncodedTensor).encoded;
}

/**
 * Calls `read`, whose failures are the bytes' fault.
 *
 * @throws FormatError in place of whatever it throws: end of data, invalid varints, messages nested past the stack.
 */
export function guard<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(
      {
        where,
        expected: "ONNX's protobuf",
        got: `damaged or truncated data (${(error as Error).message})`,
        hint: 'fetch or export it again',
      },
      { cause: error },
    );
  }
}

/** A 64-bit integer as the nearest number, whichever way protobufjs holds it. */
export function toNumber(value: number | Long): number {
  if (typeof value === 'number') return value;
  const { low, high, unsigned } = value;
  return (unsigned ? high >>> 0 : high) * 2 ** 32 + (low >>> 0);
}
