import type { CollectableObjectStore } from '@taskrunner/core';
import { FileObjectStore } from './file-object-store';
import type { S3Settings } from './s3-settings';

/** Which store, as the configuration says it (`artifacts`). */
export interface ObjectStoreChoice {
  readonly store: 'file' | 's3';
  /** Folder of `file`. */
  readonly root: string;
  readonly s3: Omit<S3Settings, 'bucket' | 'prefix'> & {
    readonly bucket: string | null;
    readonly prefix: string | null;
  };
}

/** The object store of this installation. A bucket is not asked for anything yet: services start while it is away. */
export async function openObjectStore({ store, root, s3 }: ObjectStoreChoice): Promise<CollectableObjectStore> {
  if (store === 'file') return FileObjectStore.open(root);
  if (s3.bucket === null) throw new TypeError('artifacts.s3.bucket is not configured');
  // Only who keeps objects in a bucket loads its client.
  const { S3ObjectStore } = await import('./s3-object-store.js');
  return new S3ObjectStore({ ...s3, bucket: s3.bucket, prefix: s3.prefix ?? '' });
}
