/** Refusals of requests: the status, what is wrong as JSON, and what to do. */

import { SizeError } from '../../image/file/size_error.ts';
import { HEAD_BYTES, type ImageKind, kindOfBytes } from '../../image/file/sniff.ts';
import { DeviceError, type ErrorParts, FormatError, KoalarizeError, ShapeError } from '../../runtime/errors.ts';

/** Statuses of refusals, and when they are given. The OpenAPI description is made of them. */
export const REFUSALS = {
  400: 'The request is not HTTP as it should be, or an option of the query is not what it takes.',
  401: 'The token is missing or another one.',
  403: "The request comes from another site's page.",
  404: 'There is nothing at this path.',
  405: 'The path takes another method; `Allow` names it.',
  408: 'The request was not whole in time.',
  411: 'Neither `Content-Length` nor chunks say how long the body is.',
  413: 'The picture has too many bytes or pixels.',
  415: 'The body is no picture of a kind that is read.',
  417: '`Expect` asks for something else than `100-continue`.',
  422: 'The picture is damaged, or cannot be colored as the options say.',
  431: 'The headers are too long.',
  500: 'The device or the service failed.',
  503: 'Too many pictures are waiting, the service is stopping, or its device was lost; `Retry-After` says when to try again.',
} as const;
export type RefusalStatus = keyof typeof REFUSALS;

/** A request that is not done. */
export class Refusal extends KoalarizeError {
  override readonly name = 'Refusal';
  readonly status: RefusalStatus;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: RefusalStatus, parts: ErrorParts, headers: Readonly<Record<string, string>> = {}) {
    super(parts);
    this.status = status;
    this.headers = headers;
  }
}

/** Kinds of pictures that are decoded. */
const READ: ReadonlySet<ImageKind | undefined> = new Set([
  'jpeg',
  'png',
  'webp',
  'tiff',
  'gif',
  'avif',
  'bmp',
  'svg',
] as const);

/** What coloring a body threw, as a refusal; undefined for what is no fault of the picture. */
export function refusalOf(error: unknown, body: Uint8Array): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof SizeError) return new Refusal(413, partsOf(error));
  if (error instanceof DeviceError) return new Refusal(500, partsOf(error));
  if (!(error instanceof FormatError || error instanceof ShapeError)) return undefined;
  return new Refusal(READ.has(kindOfBytes(body.subarray(0, HEAD_BYTES))) ? 422 : 415, partsOf(error));
}

function partsOf({ where, expected, got, hint, message }: KoalarizeError): ErrorParts {
  return { where, expected: expected ?? 'a picture that can be colored', got: got ?? message, hint };
}

/** What is told of faults that are not the client's: nothing of the inside. */
export const FAILED = new Refusal(500, {
  where: 'service',
  expected: 'a colored picture',
  got: 'a fault of the service',
  hint: 'its log says more',
});

/** A refusal's body. */
export function refusalJson({ where, expected, got, hint }: Refusal): Buffer {
  return Buffer.from(`${JSON.stringify({ error: { where, expected, got, hint } })}\n`);
}
