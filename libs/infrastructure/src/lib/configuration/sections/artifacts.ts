import { path, size } from '../kinds';
import { key, section } from '../key';
import { MIB, GIB } from './units';

export const artifacts = section('Where bytes are kept: artifacts, pack files, bundles.', {
  root: key(path, '/var/lib/taskrunner/objects', 'Folder of the object store.'),
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
