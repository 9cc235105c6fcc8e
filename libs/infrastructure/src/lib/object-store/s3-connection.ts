import { readFile } from 'node:fs/promises';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { isCodedError } from '@taskrunner/core/foundation';
import { refusal } from './object-store-error';
import type { S3Settings } from './s3-settings';

const CONNECT_MS = 5_000;
const SOCKETS = 64;
const CREDENTIALS_MS = 5 * 60_000;

/** Creates a client for the bucket's server, without connecting. */
export function connectS3(settings: S3Settings): S3Client {
  const { endpoint, region, pathStyle, attempts, timeout } = settings;
  const config: S3ClientConfig = {
    region,
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    // Not every server supports the newer checksums of the protocol. Ours cover the whole object and are read back.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: timeout,
      httpAgent: { maxSockets: SOCKETS },
      httpsAgent: { maxSockets: SOCKETS },
    },
    ...(endpoint === null ? {} : { endpoint }),
    ...credentialsOf(settings),
  };
  return new S3Client(config);
}

function credentialsOf({ accessKeyIdFile, secretAccessKeyFile }: S3Settings): Pick<S3ClientConfig, 'credentials'> {
  if (accessKeyIdFile === null || secretAccessKeyFile === null) return {};
  return {
    credentials: async () => {
      const [accessKeyId, secretAccessKey] = await Promise.all([
        secretIn(accessKeyIdFile),
        secretIn(secretAccessKeyFile),
      ]);
      return { accessKeyId, secretAccessKey, expiration: new Date(Date.now() + CREDENTIALS_MS) };
    },
  };
}

async function secretIn(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw refusal('OBJECT_STORE_REFUSED', `the credentials in ${path} cannot be read`, error);
  });
  const secret = text.trim();
  if (/^[\x21-\x7e]{1,1024}$/.test(secret)) return secret;
  throw refusal('OBJECT_STORE_REFUSED', `${path} contains no credentials`);
}

/** True if the server reports that the key does not exist. A missing bucket is a different error, if the server reports it. */
export function isNoKey(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return name !== 'NoSuchBucket' && (name === 'NoSuchKey' || name === 'NotFound' || status === 404);
}

/** True if the server reports that the multipart upload does not exist: it was completed or aborted. */
export function isNoUpload(error: unknown): boolean {
  return factsOf(error).name === 'NoSuchUpload';
}

const BUSY = new Set(['SlowDown', 'RequestTimeout', 'InternalError', 'ServiceUnavailable', 'OperationAborted']);

/** Converts an error of the SDK into an object store error; our own errors are rethrown. */
export function throwS3Error(error: unknown): never {
  if (isCodedError(error)) throw error;
  const { name, status } = factsOf(error);
  const isOurs = error instanceof TypeError || error instanceof RangeError;
  if (isOurs) throw error;
  if (name === 'CredentialsProviderError')
    throw refusal('OBJECT_STORE_REFUSED', 'there are no credentials for the object store', error);
  if (status === null || status >= 500 || status === 429 || BUSY.has(name))
    throw refusal('OBJECT_STORE_UNAVAILABLE', `the object store does not respond (${name})`, error);
  throw refusal('OBJECT_STORE_REFUSED', `the object store denies access (${name}, HTTP ${status})`, error);
}

/** The SDK's name of the error, and the status of the response; null if there was no response. */
function factsOf(error: unknown): { readonly name: string; readonly status: number | null } {
  const { name, $metadata, code } = (error ?? {}) as {
    readonly name?: unknown;
    readonly code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const shown = [code, name].find((one): one is string => typeof one === 'string' && /^[A-Za-z0-9_]{1,64}$/.test(one));
  return {
    name: typeof name === 'string' && name !== 'Error' ? name : (shown ?? 'unknown'),
    status: $metadata?.httpStatusCode ?? null,
  };
}
