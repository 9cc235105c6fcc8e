import type { Configuration } from '../configuration';
import type { Notes } from '../configuration-fault';
import { isLoopbackHost } from '@taskrunner/core/foundation';

const MOST_PARTS = 10_000;
const LEAST_GRACE_MS = 10 * 60_000;

/** Constraints between keys of `artifacts`. */
export function checkArtifacts({ artifacts, database }: Configuration, notes: Notes): void {
  const { s3, store, maxBytes, uploads, grace } = artifacts;
  if (grace < LEAST_GRACE_MS && !database.allowUnsafe)
    notes.fault(
      'CONFIG_UNSAFE',
      '/artifacts/grace',
      'artifacts.grace must be 10m or more: an object would be deleted before its record is written.',
      'Use 10m or more. A shorter time is allowed only with database.allowUnsafe, for tests.',
    );
  if (uploads.maxBytes > uploads.tenantBytes)
    notes.fault(
      'CONFIG_CONFLICT',
      '/artifacts/uploads/maxBytes',
      'artifacts.uploads.maxBytes must not exceed artifacts.uploads.tenantBytes.',
    );
  if ((s3.accessKeyIdFile === null) !== (s3.secretAccessKeyFile === null))
    notes.fault('CONFIG_CONFLICT', '/artifacts/s3', 'accessKeyIdFile and secretAccessKeyFile must be set together.');
  if (s3.endpoint?.startsWith('http:') && !isLoopbackHost(new URL(s3.endpoint).hostname))
    notes.fault('CONFIG_UNSAFE', '/artifacts/s3/endpoint', 'artifacts.s3.endpoint must be https.', 'Use https.');
  if (s3.prefix !== null && !/^([A-Za-z0-9][A-Za-z0-9._-]{0,63}\/){1,8}$/.test(s3.prefix))
    notes.fault(
      'CONFIG_FORMAT',
      '/artifacts/s3/prefix',
      'artifacts.s3.prefix must consist of names, each followed by /.',
    );
  if (store !== 's3') return;
  if (s3.bucket === null) notes.fault('CONFIG_MISSING_KEY', '/artifacts/s3', 'With store: s3 a bucket must be named.');
  if (Math.max(maxBytes, uploads.maxBytes) > s3.partSize * MOST_PARTS)
    notes.fault(
      'CONFIG_CONFLICT',
      '/artifacts/s3/partSize',
      `An S3 object can have at most ${MOST_PARTS} parts; the largest artifact or upload would have more.`,
      'Raise artifacts.s3.partSize.',
    );
}
