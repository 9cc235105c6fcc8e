import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, isCodedError } from '@taskrunner/core/foundation';
import type { StoreDifference } from '@taskrunner/core/operations';
import { isStoreOutage, type CollectableObjectStore } from '@taskrunner/core/ports';
import { codeOf, throwOrAway } from './durable-files';
import { FileObjectStore } from './file-object-store';
import type { S3Settings } from './s3-settings';

/** The store in the configuration (`artifacts`). */
export interface ObjectStoreChoice {
  readonly store: 'file' | 's3';
  /** Folder of a `file` store. */
  readonly root: string;
  readonly s3: Omit<S3Settings, 'bucket' | 'prefix'> & {
    readonly bucket: string | null;
    readonly prefix: string | null;
  };
}

/** Opens the object store of this installation. A bucket is not contacted yet, so services can start while it is unavailable. */
export async function openObjectStore({ store, root, s3 }: ObjectStoreChoice): Promise<CollectableObjectStore> {
  if (store === 'file') return FileObjectStore.open(root);
  if (s3.bucket === null) throw new TypeError('artifacts.s3.bucket is not configured');
  // The S3 client is loaded only if a bucket is configured.
  const { S3ObjectStore } = await import('./s3-object-store.js');
  return new S3ObjectStore({ ...s3, bucket: s3.bucket, prefix: s3.prefix ?? '' });
}

/**
 * Opens the existing object store of this installation, for commands that read it. Services create the folder of a new store. If a command
 * did so while the real one is not mounted, it would end the services' outage, and they would continue with an empty store. Throws
 * `OBJECT_STORE_UNAVAILABLE`.
 */
export async function openExistingObjectStore(choice: ObjectStoreChoice): Promise<CollectableObjectStore> {
  if (choice.store === 'file')
    await stat(join(choice.root, 'staging')).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') throw absent(error);
      return throwOrAway(error);
    });
  return openObjectStore(choice);
}

function absent(cause: unknown): CodedError {
  return new CodedError(
    'OBJECT_STORE_UNAVAILABLE',
    'the folder of the object store does not exist, or it does not contain an object store',
    'Mount the folder, or correct artifacts.root. For a new installation, `maintain restore --objects copy` creates it from the backup. A service creates it at startup.',
    [],
    { cause },
  );
}

/**
 * Runs an operator's command on the store. Its errors include the location of the store, which the same errors of the API must not reveal.
 */
export async function namingStore<Result>(choice: ObjectStoreChoice, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isCodedError(error) || !isStoreOutage(error)) throw error;
    const message = `${error.message}: ${placeOf(choice)}`;
    throw new CodedError(error.code, message, error.remediation, error.faults, { cause: error });
  }
}

/** The place of the store with its keys of the configuration. */
function placeOf({ store, root, s3 }: ObjectStoreChoice): string {
  if (store === 'file') return `artifacts.root ${root}`;
  const prefix = s3.prefix === null || s3.prefix === '' ? '' : `, artifacts.s3.prefix ${s3.prefix}`;
  return `artifacts.s3.bucket ${s3.bucket ?? ''}${prefix}${s3.endpoint === null ? '' : ` at ${s3.endpoint}`}`;
}

const DIFFERENCES: Readonly<Record<StoreDifference, string>> = {
  empty: 'it is empty',
  unknown: 'it has objects, and not the id of this installation',
  other: 'it belongs to another installation',
  taken: 'it belongs to an installation, and the database of this one is new',
};

/** Where the database is in the configuration (`database`). */
interface DatabaseChoice {
  readonly folder: string | null;
  readonly host: string | null;
  readonly name: string;
}

/** The error for a store that is not the one of the installation. */
export function foreignStore(
  choice: ObjectStoreChoice,
  difference: StoreDifference,
  database: DatabaseChoice,
): CodedError {
  const keys = choice.store === 'file' ? '`artifacts.root`' : '`artifacts.s3.bucket` and `artifacts.s3.prefix`';
  const where = difference === 'taken' ? ` (${databaseOf(database)})` : '';
  return new CodedError(
    'OBJECT_STORE_FOREIGN',
    `the store of ${placeOf(choice)} is not the object store of this installation: ${DIFFERENCES[difference]}${where}`,
    difference === 'taken'
      ? `Correct \`${database.folder === null ? 'database' : 'database.folder'}\`, or ${keys}. If the database is lost, restore a backup with \`taskrunner maintain restore\`. If there is none, use an empty store, or run \`taskrunner maintain adopt-store\`: the objects of the lost database are then deleted after \`artifacts.grace\`.`
      : `Correct ${keys}, or mount the folder. If the objects are lost, or were copied to this store without its id, stop all services, and run \`taskrunner maintain adopt-store\`.`,
  );
}

function databaseOf({ folder, host, name }: DatabaseChoice): string {
  if (folder !== null) return `database.folder ${folder}`;
  return host === null ? 'that of the configured URL' : `database.host ${host}, database.name ${name}`;
}
