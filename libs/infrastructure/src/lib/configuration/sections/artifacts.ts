import { path, size } from '../kinds';
import { key, section } from '../key';
import { MIB, GIB } from './units';

export const artifacts = section('Where bytes are kept: artifacts, pack files, bundles.', {
  root: key(path, '/var/lib/taskrunner/objects', 'Folder of the object store.'),
  maxBytes: key(size(MIB, 1024 * GIB), GIB, 'Largest artifact.', 'bytes (KiB, MiB, GiB)'),
});
