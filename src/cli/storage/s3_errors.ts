/** Errors of S3 in words: what was found, and what to do about it. */
import { EnvironmentError } from '../../runtime/errors.ts';
import { codeOf, oneLine } from '../../runtime/file_errors.ts';

type Reason = readonly [got: string, todo: string];

const HOW = 'as for every program for AWS: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE';
const OTHERS = `name others, ${HOW}`;
const ADDRESS = 'check AWS_REGION, or AWS_ENDPOINT_URL_S3 for another server than that of AWS';
const NO_OBJECT: Reason = ['no such object', 'check bucket and name'];
const FORBIDDEN: Reason = [
  'no permission',
  'allow these credentials s3:ListBucket on the bucket, and s3:GetObject and s3:PutObject on what is in it',
];
const NO_SERVER: Reason = ['no server at that address', ADDRESS];
const LATE: Reason = ['no answer in time', 'is the server there, and the network?'];
const BUSY: Reason = [
  'a server that has too much to do',
  'try again later, or with fewer workers; AWS_MAX_ATTEMPTS=10 tries more often',
];

/** By the names of S3's errors, of the client's, and of the network's. */
const REASONS = new Map<string, Reason>([
  ['NoSuchBucket', ['no such bucket', `check its name; ${ADDRESS}`]],
  ['InvalidBucketName', ['no name that a bucket may have', 'check the name']],
  ['NoSuchKey', NO_OBJECT],
  ['NotFound', NO_OBJECT],
  ['AccessDenied', FORBIDDEN],
  ['Forbidden', FORBIDDEN],
  ['403', FORBIDDEN],
  ['PreconditionFailed', ['an object that was replaced meanwhile', 'try again']],
  ['InvalidAccessKeyId', ['credentials that the server does not know', OTHERS]],
  ['SignatureDoesNotMatch', ['a secret key that does not fit', OTHERS]],
  ['ExpiredToken', ['credentials that have expired', OTHERS]],
  ['CredentialsProviderError', ['no credentials', `name some, ${HOW}`]],
  ['Region is missing', ['no region', 'name it: AWS_REGION=eu-central-1, and any for another server than that of AWS']],
  ['PermanentRedirect', ['a bucket of another region', ADDRESS]],
  ['SlowDown', BUSY],
  ['ServiceUnavailable', BUSY],
  ['503', BUSY],
  ['ECONNREFUSED', NO_SERVER],
  ['ENOTFOUND', NO_SERVER],
  ['TimeoutError', LATE],
  ['ETIMEDOUT', LATE],
]);

/** Says why an object or a bucket could not be read or written. @param expected what it should be */
export function s3Error(where: string, expected: string, cause: Error): EnvironmentError {
  const keys = [cause.name, codeOf(cause), cause.message, statusOf(cause)];
  const reason = keys.map((key) => REASONS.get(String(key))).find((found) => found !== undefined);
  const [got, hint] = reason ?? [`'${oneLine(cause) || cause.name}'`, 'check address, credentials and server'];
  return new EnvironmentError({ where, expected, got, hint }, { cause });
}

/** The status of the answer that an error comes from. */
export function statusOf(cause: unknown): number | undefined {
  return (cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** Whether a connection broke in the midst of an answer. */
export function isBroken(cause: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ETIMEDOUT', 'TimeoutError'].includes(
    codeOf(cause) ?? (cause as Error).name,
  );
}
