import { list, listOf, name, path, size, spki, text } from '../kinds';
import { key, needed, section } from '../key';
import { MIB, GIB } from './units';

const bundleRoot = {
  id: needed(name, 'vendor-2026', 'What packs name in `with.trust`.'),
  keys: key(list(spki), [], 'Public keys: SPKI in base64, Ed25519 or P-256.'),
  tenants: key(list(text), ['*'], 'Tenants that may use it; * is every tenant.'),
};

export const artifacts = section('Where bytes are kept: artifacts, pack files, bundles.', {
  root: key(path, '/var/lib/taskrunner/objects', 'Folder of the object store.'),
  bundleRoots: key(
    listOf(bundleRoot),
    [],
    'Publishers whose bundles builtin:bundle.ingest takes; packs name them by id.',
  ),
  maxBytes: key(size(MIB, 1024 * GIB), GIB, 'Largest artifact.', 'bytes (KiB, MiB, GiB)'),
  bundle: section('Evidence bundles.', {
    maxBytes: key(size(MIB, 1024 * GIB), 4 * GIB, 'Largest bundle.', 'bytes (KiB, MiB, GiB)'),
    carriedBytes: key(
      size(0, 1024 * GIB),
      64 * MIB,
      'Artifacts of a run go along up to this size together.',
      'bytes (KiB, MiB, GiB)',
    ),
  }),
});
