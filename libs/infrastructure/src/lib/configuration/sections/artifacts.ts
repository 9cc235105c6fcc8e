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
  id: needed(name, 'vendor-2026', 'What packs name in `with.trust`.'),
  keys: key(list(spki), [], 'Public keys: SPKI in base64, Ed25519 or P-256.'),
  tenants: key(list(text), ['*'], 'Tenants that may use it; * is every tenant.'),
};

const destination = {
  id: needed(name, 'audit-store', 'What packs name in `with.destination`; no secret, every tenant may see it.'),
  type: needed(oneOf('folder', 's3'), 'folder', 'A folder, which must be there, or an S3 bucket.'),
  tenants: needed(list(text), ['acme'], 'Tenants that may name it, each in a folder of its own; * is every tenant.'),
  path: unset(path, 'Of a folder.'),
  bucket: unset(text, 'Of s3: name of the bucket.'),
  prefix: unset(text, 'Of s3: begin of every key, such as `evidence/`.'),
  endpoint: unset(httpUrl, 'Of s3: server; null: AWS for the region. https, but on loopback.'),
  region: key(text, 'us-east-1', 'Of s3: region of the bucket.'),
  pathStyle: key(flag, false, 'Of s3: the bucket stands in the path.'),
  accessKeyIdFile: unset(secretFile, 'Of s3: file with the id of the access key; null: the default chain of AWS.'),
  secretAccessKeyFile: unset(secretFile, 'Of s3: file with the secret of the access key.'),
};

const exporting = section('How sealed evidence is handed over to destinations.', {
  retry: key(
    duration(100, HOUR),
    5 * SECOND,
    'Pause before a delivery that failed is tried again; it doubles.',
    'ms, s, m',
  ),
  longestRetry: key(duration(100, DAY), 10 * 60 * SECOND, 'The longest such pause.', 'ms, s, m, h'),
  giveUpAfter: key(
    duration(SECOND, 365 * DAY),
    7 * DAY,
    'From the seal on; a delivery that still fails then is given up.',
    's, m, h, d',
  ),
  timeout: key(
    duration(SECOND, DAY),
    15 * 60 * SECOND,
    'Longest time of one delivery; then another worker may take it.',
    's, m, h',
  ),
});

const s3 = section('With `store: s3`: the bucket. It must exist; readers and writers of it are these services alone.', {
  endpoint: unset(httpUrl, 'Server; null: AWS for the region. https, but on loopback.'),
  region: key(text, 'us-east-1', 'Region of the bucket.'),
  bucket: unset(text, 'Name of the bucket.'),
  prefix: unset(text, 'Begin of every key, such as `taskrunner/`.'),
  pathStyle: key(flag, false, 'The bucket stands in the path, as most servers other than AWS want it.'),
  accessKeyIdFile: unset(
    secretFile,
    'File with the id of the access key; null: the default chain of AWS (environment, web identity, instance).',
  ),
  secretAccessKeyFile: unset(secretFile, 'File with the secret of the access key. Read again every five minutes.'),
  partSize: key(
    size(5 * MIB, GIB),
    16 * MIB,
    'Larger objects are sent in parts of this size; so much memory is taken for each part on its way.',
    BYTES,
  ),
  partsAtOnce: key(number(1, 64), 4, 'Parts of one object sent at once.', 'parts'),
  attempts: key(number(1, 20), 8, 'How often a request is sent before the store counts as unavailable.', 'requests'),
  timeout: key(duration(SECOND, HOUR), 30 * SECOND, 'Longest silence of the server.', 's, m'),
  spoolDirectory: key(
    path,
    '/tmp/taskrunner-spool',
    'Folder for objects of several parts on their way. It needs room for as many as are sent at once.',
  ),
});

const uploads = section('What callers send before they submit a run: files, packs.', {
  maxBytes: key(size(1, 1024 * GIB), GIB, 'Largest upload.', BYTES),
  tenantBytes: key(size(1, 1024 * GIB), 16 * GIB, 'Uploads of a tenant that are kept, together.', BYTES),
  timeout: key(duration(SECOND, DAY), HOUR, 'Longest time for one upload to come in.', 's, m, h'),
  packBytes: key(
    size(MIB, 4 * GIB),
    64 * MIB,
    'Largest pack, unpacked, that a run may be submitted with as an upload.',
    BYTES,
  ),
  packFiles: key(number(1, 100_000), 10_000, 'Most files in such a pack.', 'files'),
  keep: key(duration(SECOND, 30 * DAY), DAY, 'How long a run may still be submitted with an upload.', 's, m, h, d'),
});

export const artifacts = section('Where bytes are kept: artifacts, pack files, large values, uploads, bundles.', {
  store: key(oneOf('file', 's3'), 'file', 'A folder that webservice and workers share, or an S3 bucket.'),
  root: key(path, '/var/lib/taskrunner/objects', 'With `store: file`: folder of the object store.'),
  maxBytes: key(size(MIB, 1024 * GIB), GIB, 'Largest artifact.', BYTES),
  grace: key(
    duration(SECOND, 365 * DAY),
    DAY,
    'Objects that nobody refers to, and unfinished ones, stay so long at least. Longer than a stored object may wait for its record; 10m or more.',
    's, m, h, d',
  ),
  sweepInterval: key(
    duration(SECOND, 30 * DAY),
    HOUR,
    'How often workers look for them. An object goes at the second look.',
    's, m, h, d',
  ),
  probe: section(
    'How services find out whether the store keeps what is written: they write a few bytes and remove them.',
    {
      interval: key(
        duration(100, HOUR),
        2 * SECOND,
        'How long a probe counts: no step that acts begins on an older one. Also the pause between two while the store is away.',
        'ms, s, m',
      ),
      bytes: key(size(1, 64 * MIB), 64 * KIB, 'Size of a probe. A store with less room counts as full.', BYTES),
    },
  ),
  bundle: section('Evidence bundles.', {
    maxBytes: key(size(MIB, 1024 * GIB), 4 * GIB, 'Largest bundle.', BYTES),
    carriedBytes: key(size(0, 1024 * GIB), 64 * MIB, 'Artifacts of a run go along up to this size together.', BYTES),
    heldLogBytes: key(
      size(64 * KIB, GIB),
      8 * MIB,
      'Logs of a run that a worker holds in memory while it seals; larger ones go into the bundle piece by piece.',
      BYTES,
    ),
  }),
  bundleRoots: key(
    listOf(bundleRoot),
    [],
    'Publishers whose bundles builtin:bundle.ingest takes; packs name them by id.',
  ),
  destinations: key(
    listOf(destination),
    [],
    'Where builtin:evidence-export may hand evidence over to; packs name them by id.',
  ),
  exports: exporting,
  uploads,
  s3,
});
