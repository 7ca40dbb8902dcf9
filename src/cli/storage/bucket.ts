/**
 * Storage in a bucket of S3, or of a server that is compatible. Credentials, region and address are found as every program
 * for AWS finds them. The client is an optional package, loaded when the first bucket is opened.
 */
import type { GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { EnvironmentError } from '../../runtime/errors.ts';
import { pathKey } from '../paths/key.ts';
import { UsageError } from '../shared/messages.ts';
import { isBroken, s3Error, statusOf } from './s3_errors.ts';
import type { FileStat, FileStore, ListedFile, StoredFile } from './store.ts';
import { PART, type S3, Upload } from './upload.ts';

/** How often an answer may break off in the midst without a byte between. */
const MOST_BREAKS = 3;
/** Milliseconds until a connection is there, and in which a connection may be silent. */
const [CONNECT, SILENCE] = [10_000, 60_000];

let loaded: Promise<{ readonly s3: S3; readonly client: S3Client }> | undefined;

export class BucketStore implements FileStore {
  readonly name: string;
  readonly #bucket: string;
  /** What keys begin with: empty, or with a `/` at its end. */
  readonly #prefix: string;
  readonly #s3: S3;
  readonly #client: S3Client;

  private constructor(bucket: string, prefix: string, s3: S3, client: S3Client) {
    this.name = `s3://${bucket}${prefix && `/${prefix}`}`;
    this.#bucket = bucket;
    this.#prefix = prefix && `${prefix}/`;
    this.#s3 = s3;
    this.#client = client;
  }

  /** Loads the client. @param name s3://BUCKET/PREFIX. @throws UsageError for another name, EnvironmentError where the package is not installed */
  static async open(name: string): Promise<BucketStore> {
    const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/su.exec(name) ?? [];
    if (bucket === undefined) throw new UsageError({ expected: 's3://BUCKET/PREFIX', got: `'${name}'` });
    loaded ??= load(name);
    const { s3, client } = await loaded;
    return new BucketStore(bucket, prefix, s3, client);
  }

  place(file: string): string {
    return `${this.name}/${file}`;
  }

  inside(place: string): string {
    return place.slice(this.name.length + 1);
  }

  async stat(file: string): Promise<FileStat | undefined> {
    try {
      const found = await this.#client.send(new this.#s3.HeadObjectCommand(this.#at(file)));
      return { bytes: found.ContentLength ?? 0, modified: seconds(found.LastModified) };
    } catch (cause) {
      if (statusOf(cause) === 404) return undefined;
      throw this.#error(file, 'an object', cause);
    }
  }

  async read(file: string, expected: string): Promise<StoredFile> {
    let modified = 0;
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#chunks(file, expected, (time) => (modified = time))) chunks.push(chunk);
    return { data: Buffer.concat(chunks), modified };
  }

  async readPart(file: string, expected: string, at: number, bytes: number): Promise<Uint8Array> {
    const range = { ...this.#at(file), Range: `bytes=${at}-${at + bytes - 1}` };
    for (let breaks = 1; ; breaks++) {
      try {
        const { Body } = await this.#client.send(new this.#s3.GetObjectCommand(range));
        return await Body!.transformToByteArray();
      } catch (cause) {
        if ((cause as Error).name === 'InvalidRange') return new Uint8Array();
        if (breaks === MOST_BREAKS || !isBroken(cause)) throw this.#error(file, expected, cause);
      }
    }
  }

  stream(file: string, expected: string): AsyncIterable<Uint8Array> {
    return this.#chunks(file, expected);
  }

  /** Where an answer breaks off, it is gone on with there: the client only tries again what was not answered at all. */
  async *#chunks(file: string, expected: string, dated = (_: number) => undefined as unknown) {
    let [at, breaks] = [0, 0];
    let same: Pick<GetObjectCommandInput, 'IfMatch'> = {};
    for (let length = Number.POSITIVE_INFINITY; at < length; ) {
      try {
        const rest = at ? { Range: `bytes=${at}-` } : {};
        const command = new this.#s3.GetObjectCommand({ ...this.#at(file), ...same, ...rest });
        const { Body, ETag, ContentLength, LastModified } = await this.#client.send(command);
        if (!at) {
          dated(seconds(LastModified));
          if (ETag !== undefined) same = { IfMatch: ETag };
        }
        length = at + (ContentLength ?? Number.POSITIVE_INFINITY);
        for await (const chunk of Body as AsyncIterable<Uint8Array>) {
          at += chunk.length;
          breaks = 0;
          yield chunk;
        }
        return;
      } catch (cause) {
        if (++breaks > MOST_BREAKS || !isBroken(cause)) throw this.#error(file, expected, cause);
      }
    }
  }

  async write(file: string, data: Uint8Array): Promise<void> {
    try {
      await this.#client.send(new this.#s3.PutObjectCommand({ ...this.#at(file), Body: data }));
    } catch (cause) {
      throw this.#error(file, 'a bucket to write into', cause);
    }
  }

  async writeTexts(file: string, texts: AsyncIterable<string>): Promise<void> {
    const upload = new Upload(this.#client, this.#s3, this.#at(file));
    let [held, bytes] = [[] as Buffer[], 0];
    /** Runs a request. @throws EnvironmentError */
    const asked = (request: Promise<void>) =>
      request.catch((cause) => {
        throw this.#error(file, 'a bucket to write into', cause);
      });
    try {
      for await (const text of texts) {
        const next = Buffer.from(text);
        held.push(next);
        bytes += next.length;
        if (bytes < PART) continue;
        await asked(upload.part(Buffer.concat(held)));
        [held, bytes] = [[], 0];
      }
      await asked(upload.end(Buffer.concat(held)));
    } catch (cause) {
      await upload.abort();
      throw cause;
    }
  }

  async remove(file: string): Promise<void> {
    try {
      await this.#client.send(new this.#s3.DeleteObjectCommand(this.#at(file)));
    } catch (cause) {
      throw this.#error(file, 'a bucket to write into', cause);
    }
  }

  async top(beginning: string): Promise<string[]> {
    const names: string[] = [];
    for await (const files of this.#listed({ Prefix: this.#prefix + beginning, Delimiter: '/' })) {
      for (const { name } of files) names.push(name);
    }
    return names;
  }

  list(): AsyncGenerator<ListedFile[]> {
    return this.#listed({ Prefix: this.#prefix });
  }

  async presence(): Promise<(file: string) => boolean> {
    const keys = new Set<number>();
    for await (const files of this.list()) for (const { name } of files) keys.add(pathKey(name));
    return (file) => keys.has(pathKey(file));
  }

  async *#listed(which: { Prefix: string; Delimiter?: string }): AsyncGenerator<ListedFile[]> {
    let next: string | undefined;
    do {
      // XML holds no control characters, so names come as in addresses.
      const from = next === undefined ? {} : { ContinuationToken: next };
      const command = { Bucket: this.#bucket, ...which, ...from, EncodingType: 'url' as const };
      const page = await this.#client.send(new this.#s3.ListObjectsV2Command(command)).catch((cause) => {
        throw s3Error(this.name, 'a bucket to list', cause);
      });
      const isEncoded = page.EncodingType === 'url';
      yield (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
        name: (isEncoded ? decodeURIComponent(Key.replaceAll('+', ' ')) : Key).slice(this.#prefix.length),
        bytes: Size,
        modified: seconds(LastModified),
      }));
      next = page.NextContinuationToken;
    } while (next !== undefined);
  }

  #at(file: string) {
    return { Bucket: this.#bucket, Key: this.#prefix + file };
  }

  #error(file: string, expected: string, cause: unknown): EnvironmentError {
    return s3Error(this.place(file), expected, cause as Error);
  }
}

/** A listing may tell more of a time than an answer's header does: whole seconds. */
function seconds(time: Date | undefined): number {
  return Math.floor((time?.getTime() ?? 0) / 1000) * 1000;
}

/** @param name what is opened, for the message */
async function load(name: string) {
  let s3: S3;
  try {
    s3 = await import('@aws-sdk/client-s3');
  } catch (cause) {
    const hint = 'npm install @aws-sdk/client-s3 (npm install -g where koalarize was installed so)';
    const parts = { where: name, expected: 'the package @aws-sdk/client-s3', got: 'none', hint };
    throw new EnvironmentError(parts, { cause });
  }
  // Servers other than that of AWS seldom have a name for each bucket.
  const forcePathStyle = Boolean(process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL);
  const requestHandler = { connectionTimeout: CONNECT, socketTimeout: SILENCE };
  return { s3, client: new s3.S3Client({ forcePathStyle, followRegionRedirects: true, requestHandler }) };
}
