import type { KnownDestination } from '@taskrunner/core/ports';
import { FolderDestination } from './folder-destination';
import type { S3Settings } from './s3-settings';

/** A destination in the configuration (`artifacts.destinations`). */
export interface DestinationChoice extends Pick<
  S3Settings,
  'endpoint' | 'region' | 'pathStyle' | 'accessKeyIdFile' | 'secretAccessKeyFile'
> {
  readonly id: string;
  readonly type: 'folder' | 's3';
  readonly tenants: readonly string[];
  /** Folder of a `folder` destination. */
  readonly path: string | null;
  /** Bucket of an `s3` destination. */
  readonly bucket: string | null;
  readonly prefix: string | null;
}

/** Settings for sending large files to buckets, which are those of the object store. */
export type Sending = Pick<S3Settings, 'partSize' | 'partsAtOnce' | 'attempts' | 'timeout' | 'spoolDirectory'>;

/** Opens the destinations, by id, without connecting. */
export async function openDestinations(
  choices: readonly DestinationChoice[],
  sending: Sending,
): Promise<ReadonlyMap<string, KnownDestination>> {
  const opened = choices.map(async (choice): Promise<[string, KnownDestination]> => {
    return [choice.id, { destination: await open(choice, sending), tenants: choice.tenants }];
  });
  return new Map(await Promise.all(opened));
}

async function open({ type, path, bucket, prefix, ...reached }: DestinationChoice, sending: Sending) {
  const { partSize, partsAtOnce, attempts, timeout, spoolDirectory } = sending;
  if (type === 'folder' && path !== null) return new FolderDestination(path);
  if (type === 's3' && bucket !== null) {
    // The S3 client is loaded only if a bucket is configured.
    const { S3Destination } = await import('./s3-destination.js');
    return new S3Destination({
      ...reached,
      bucket,
      prefix: prefix ?? '',
      partSize,
      partsAtOnce,
      attempts,
      timeout,
      spoolDirectory,
    });
  }
  throw new TypeError('a destination without a place');
}
