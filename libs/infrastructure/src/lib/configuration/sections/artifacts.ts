import {
  duration,
  flag,
  httpUrl,
  list,
  listOf,
  name,
  number,
  oneOf,
  path,
  secretFile,
  size,
  spki,
  text,
} from '../kinds';
import { key, needed, section, unset } from '../key';
import { DAY, GIB, HOUR, KIB, MIB, SECOND } from './units';

const BYTES = 'bytes (KiB, MiB, GiB)';

const bundleRoot = {
  id: needed(name, 'vendor-2026', 'Value of `with.trust` in packs.'),
  keys: key(list(spki), [], 'Public keys, Ed25519 or P-256, as SPKI in base64.'),
  tenants: key(list(text), ['*'], 'Tenants that may use it; *: all tenants.'),
};

const destination = {
  id: needed(name, 'audit-store', 'Value of `with.destination` in packs. It is not secret; every tenant can see it.'),
  type: needed(oneOf('folder', 's3'), 'folder', 'folder: an existing directory. s3: an S3 bucket.'),
  tenants: needed(list(text), ['acme'], 'Tenants that may use it; *: all tenants. Each tenant gets a separate folder.'),
  path: unset(path, 'For folder: path of the directory.'),
  bucket: unset(text, 'For s3: name of the bucket.'),
  prefix: unset(text, 'For s3: prefix of every key, such as `evidence/`.'),
  endpoint: unset(httpUrl, 'For s3: URL of the server; null: AWS in the region. https, or http on loopback.'),
  region: key(text, 'us-east-1', 'For s3: region of the bucket.'),
  pathStyle: key(flag, false, 'For s3: whether the bucket name is part of the path.'),
  accessKeyIdFile: unset(
    secretFile,
    'For s3: file that contains the access key ID; null: the default credential chain of AWS.',
  ),
  secretAccessKeyFile: unset(secretFile, 'For s3: file that contains the secret access key.'),
};

const exporting = section('Delivery of sealed evidence to destinations.', {
  retry: key(
    duration(100, HOUR),
    5 * SECOND,
    'Delay before a failed delivery is retried. The delay doubles with each retry.',
    'ms, s, m',
  ),
  longestRetry: key(duration(100, DAY), 10 * 60 * SECOND, 'Maximum delay between retries.', 'ms, s, m, h'),
  giveUpAfter: key(
    duration(SECOND, 365 * DAY),
    7 * DAY,
    'Time after the seal after which a failing delivery is abandoned.',
    's, m, h, d',
  ),
  timeout: key(
    duration(SECOND, DAY),
    15 * 60 * SECOND,
    'Timeout of one delivery. Another worker can then take over the delivery.',
    's, m, h',
  ),
});

const s3 = section('For `store: s3`: the bucket. It must exist, and only these services may read or write it.', {
  endpoint: unset(httpUrl, 'URL of the server; null: AWS in the region. https, or http on loopback.'),
  region: key(text, 'us-east-1', 'Region of the bucket.'),
  bucket: unset(text, 'Name of the bucket.'),
  prefix: unset(text, 'Prefix of every key, such as `taskrunner/`.'),
  pathStyle: key(flag, false, 'Whether the bucket name is part of the path. Most servers other than AWS require this.'),
  accessKeyIdFile: unset(
    secretFile,
    'File that contains the access key ID; null: the default credential chain of AWS (environment, web identity, instance).',
  ),
  secretAccessKeyFile: unset(
    secretFile,
    'File that contains the secret access key. It is read again every five minutes.',
  ),
  partSize: key(
    size(5 * MIB, GIB),
    16 * MIB,
    'Part size of multipart uploads. Larger objects are sent in parts; each part in flight uses this much memory.',
    BYTES,
  ),
  partsAtOnce: key(number(1, 64), 4, 'Number of parts of one object that are sent concurrently.', 'parts'),
  attempts: key(
    number(1, 20),
    8,
    'Number of attempts of a request before the store counts as unavailable.',
    'requests',
  ),
  timeout: key(duration(SECOND, HOUR), 30 * SECOND, 'Time without a response after which a request fails.', 's, m'),
  spoolDirectory: key(
    path,
    '/tmp/taskrunner-spool',
    'Directory for multipart objects in flight. It needs space for all objects that are sent concurrently.',
  ),
});

const uploads = section('Files and packs that clients upload before they submit a run.', {
  maxBytes: key(size(1, 1024 * GIB), GIB, 'Maximum size of an upload.', BYTES),
  tenantBytes: key(size(1, 1024 * GIB), 16 * GIB, 'Maximum total size of the stored uploads of a tenant.', BYTES),
  timeout: key(duration(SECOND, DAY), HOUR, 'Timeout for receiving one upload.', 's, m, h'),
  idle: key(
    duration(SECOND, HOUR),
    30 * SECOND,
    'Time after which an upload from which nothing arrives is refused with 408 BODY_TIMEOUT.',
    's, m, h',
  ),
  packBytes: key(
    size(MIB, 4 * GIB),
    64 * MIB,
    'Maximum unpacked size of a pack that is submitted as an upload.',
    BYTES,
  ),
  packFiles: key(number(1, 100_000), 10_000, 'Maximum number of files in such a pack.', 'files'),
  keep: key(duration(SECOND, 30 * DAY), DAY, 'How long an upload can be used to submit a run.', 's, m, h, d'),
});

export const artifacts = section('Object store for artifacts, pack files, large values, uploads and bundles.', {
  store: key(
    oneOf('file', 's3'),
    'file',
    'file: a directory that the webservice and the workers share. s3: an S3 bucket.',
  ),
  root: key(path, '/var/lib/taskrunner/objects', 'For `store: file`: directory of the object store.'),
  maxBytes: key(size(MIB, 1024 * GIB), GIB, 'Maximum size of an artifact.', BYTES),
  grace: key(
    duration(SECOND, 365 * DAY),
    DAY,
    'Minimum time that unreferenced and incomplete objects are kept. It must exceed the time between storing an object and recording it. The minimum is 10m.',
    's, m, h, d',
  ),
  sweepInterval: key(
    duration(SECOND, 30 * DAY),
    HOUR,
    'Interval at which workers look for unreferenced objects. An object is deleted when it is found for the second time.',
    's, m, h, d',
  ),
  probe: section('Availability probe. Services write a few bytes to the store and delete them.', {
    interval: key(
      duration(100, HOUR),
      2 * SECOND,
      'How long a probe result is valid. A step with effects starts only while the result is valid. It is also the interval between probes while the store is unavailable.',
      'ms, s, m',
    ),
    bytes: key(size(1, 64 * MIB), 64 * KIB, 'Size of a probe. A store with less free space counts as full.', BYTES),
  }),
  bundle: section('Evidence bundles.', {
    maxBytes: key(size(MIB, 1024 * GIB), 4 * GIB, 'Maximum size of a bundle.', BYTES),
    carriedBytes: key(
      size(0, 1024 * GIB),
      64 * MIB,
      'Artifacts of a run are included in the bundle up to this total size.',
      BYTES,
    ),
    heldLogBytes: key(
      size(64 * KIB, GIB),
      8 * MIB,
      'Maximum size of the logs that a worker keeps in memory while it seals a large run, and of those of all other runs that it seals at once. Larger logs are streamed into the bundle.',
      BYTES,
    ),
  }),
  bundleRoots: key(
    listOf(bundleRoot),
    [],
    'Publishers whose bundles builtin:bundle.ingest accepts. Packs refer to them by id.',
  ),
  destinations: key(
    listOf(destination),
    [],
    'Destinations to which builtin:evidence-export may deliver evidence. Packs refer to them by id.',
  ),
  exports: exporting,
  uploads,
  s3,
});
