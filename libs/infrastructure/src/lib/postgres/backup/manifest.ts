import { isJsonObject, type Digest, type Json } from '@taskrunner/core/foundation';
import { BackupError, damaged } from './backup-error';

/** Version of the backup format that this release writes and reads. */
export const BACKUP_FORMAT = 2;

/** A file of rows: PostgreSQL's text format of `COPY`, compressed with gzip. */
export interface RowsFile {
  /** Path in the folder. */
  readonly file: string;
  readonly rows: number;
  /** Digest of the file as stored. */
  readonly bytes: number;
  readonly digest: Digest;
}

export interface BackedUpTable extends RowsFile {
  /** `schema.table` */
  readonly table: string;
  /** In the order of the file. */
  readonly columns: readonly string[];
}

/** The description of a backup, `manifest.json`, which is written last. */
export interface Manifest {
  readonly format: number;
  /** Version of the product that made the backup. */
  readonly product: string;
  /** Database time of the snapshot: RFC 3339. */
  readonly takenAt: string;
  readonly database: { readonly name: string; readonly system: string; readonly server: string };
  readonly schema: {
    /** Migrations, in order. */
    readonly migrations: readonly string[];
    /** Digest of tables, columns and types. */
    readonly digest: Digest;
  };
  readonly tables: readonly BackedUpTable[];
  readonly sequences: readonly { readonly sequence: string; readonly value: string; readonly called: boolean }[];
  /** Days (`YYYY-MM-DD`) with partitions. */
  readonly days: readonly string[];
  /** Objects that the rows refer to: tenant, run (`\N` for none) and digest. */
  readonly objects: RowsFile & {
    /** True if they are also in the folder `objects`. */
    readonly copied: boolean;
    /** Number of objects that the store lacks. Each counts once per tenant, however many runs refer to it. */
    readonly lost: number;
    /**
     * Number of objects whose bytes in the store do not match their digest, counted likewise. They are not copied. They are detected only
     * while objects are copied.
     */
    readonly altered: number;
  };
  /** Number of rows that are not stored as they are, because somebody has damaged them. Backups of earlier releases do not have it. */
  readonly damaged?: number;
  /** Keys that a restore needs in addition to the backup. They are never part of it. */
  readonly keys: readonly BackedUpKey[];
}

/** The keys for one usage that a backup refers to. */
export interface BackedUpKey {
  readonly key: string;
  /** Fingerprints of keys that have signed rows, or identifiers derived from secret keys. */
  readonly ids: readonly string[];
  /** The subset of ids without which services would treat rows of the backup as altered. */
  readonly required: readonly string[];
}

/** Reads the text of `manifest.json`. Throws `BackupError`. */
export function readManifest(text: string): Manifest {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw damaged('manifest.json is not JSON', error);
  }
  const format = isJsonObject(value) ? value['format'] : null;
  if (typeof format === 'number' && format !== BACKUP_FORMAT)
    throw new BackupError(
      'BACKUP_FORMAT',
      `the backup has format ${format}; this release reads format ${BACKUP_FORMAT}`,
      'Use the release that made the backup. Migrate to a later release afterwards.',
    );
  if (!isJsonObject(value) || !isManifest(value)) throw damaged('manifest.json is not the manifest of a backup');
  return value as unknown as Manifest;
}

const FILE = /^[a-z0-9_]+(\.[a-z0-9_]+)?\.copy\.gz$/;
const NAME = /^[a-z0-9_]+\.[a-z0-9_]+$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

function isManifest(value: { readonly [name: string]: Json }): boolean {
  const { format, product, takenAt, schema, tables, sequences, days, objects, keys } = value;
  return (
    format === BACKUP_FORMAT &&
    typeof product === 'string' &&
    typeof takenAt === 'string' &&
    isJsonObject(schema) &&
    isNamed(schema['digest'], DIGEST) &&
    areAll(schema['migrations'], (one) => typeof one === 'string') &&
    areAll(tables, isTable) &&
    areAll(sequences, (one) => isJsonObject(one) && isNamed(one['sequence'], NAME)) &&
    areAll(days, (one) => isNamed(one, DAY)) &&
    isRowsFile(objects) &&
    areAll(keys, isKey)
  );
}

function isTable(value: Json): boolean {
  return (
    isRowsFile(value) &&
    isJsonObject(value) &&
    isNamed(value['table'], NAME) &&
    areAll(value['columns'], (one) => typeof one === 'string')
  );
}

function isKey(value: Json): boolean {
  const isText = (one: Json): boolean => typeof one === 'string';
  return (
    isJsonObject(value) &&
    isText(value['key'] ?? null) &&
    areAll(value['ids'], isText) &&
    areAll(value['required'], isText)
  );
}

function isRowsFile(value: Json | undefined): boolean {
  return (
    value !== undefined &&
    isJsonObject(value) &&
    isNamed(value['file'], FILE) &&
    Number.isSafeInteger(value['rows']) &&
    Number.isSafeInteger(value['bytes']) &&
    isNamed(value['digest'], DIGEST)
  );
}

function areAll(value: Json | undefined, is: (one: Json) => boolean): boolean {
  return Array.isArray(value) && (value as readonly Json[]).every(is);
}

function isNamed(value: Json | undefined, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}
