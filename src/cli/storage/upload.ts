/** Multipart upload of S3. */
import type { S3Client } from '@aws-sdk/client-s3';

/** The client's package, which is loaded when it is needed. */
export type S3 = typeof import('@aws-sdk/client-s3');

/** Bytes of a part of a file that is sent in parts; S3 takes at most 10,000 of them. */
export const PART = 16 * 2 ** 20;

/** An object that is sent in parts, and is there when the last has come. */
export class Upload {
  readonly #client: S3Client;
  readonly #s3: S3;
  readonly #at: { readonly Bucket: string; readonly Key: string };
  #id: string | undefined;
  readonly #parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];

  constructor(client: S3Client, s3: S3, at: { readonly Bucket: string; readonly Key: string }) {
    this.#client = client;
    this.#s3 = s3;
    this.#at = at;
  }

  async part(Body: Uint8Array): Promise<void> {
    const { CreateMultipartUploadCommand, UploadPartCommand } = this.#s3;
    this.#id ??= (await this.#client.send(new CreateMultipartUploadCommand(this.#at))).UploadId!;
    const part = { PartNumber: this.#parts.length + 1, UploadId: this.#id };
    const { ETag } = await this.#client.send(new UploadPartCommand({ ...this.#at, ...part, Body }));
    this.#parts.push({ PartNumber: part.PartNumber, ETag });
  }

  /** Sends the last part; what has only that is sent as it is. */
  async end(Body: Uint8Array): Promise<void> {
    const { CompleteMultipartUploadCommand, PutObjectCommand } = this.#s3;
    if (this.#id === undefined) {
      await this.#client.send(new PutObjectCommand({ ...this.#at, Body }));
      return;
    }
    if (Body.length) await this.part(Body);
    const all = { UploadId: this.#id, MultipartUpload: { Parts: this.#parts } };
    await this.#client.send(new CompleteMultipartUploadCommand({ ...this.#at, ...all }));
  }

  /** Gives up what was sent. */
  async abort(): Promise<void> {
    if (this.#id === undefined) return;
    const command = new this.#s3.AbortMultipartUploadCommand({ ...this.#at, UploadId: this.#id });
    await this.#client.send(command).catch(() => undefined);
  }
}
