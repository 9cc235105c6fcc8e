import { duration, flag, httpUrl, list, listOf, name, number, oneOf, path, secretFile, size, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { GIB, MIB, MINUTE, SECOND } from './units';

const registry = {
  name: needed(name, 'main', 'Name of the registry.'),
  type: key(
    oneOf('oci', 'folder'),
    'oci',
    'oci: a registry over HTTP. folder: a directory of OCI layouts.',
    'oci | folder',
  ),
  url: unset(
    httpUrl,
    'For oci: https URL, including the path under which the packs are stored, such as https://registry.example.org/packs.',
  ),
  path: unset(path, 'For folder: the directory. It contains one OCI layout for each pack.'),
  plainHttp: key(flag, false, 'Allows http to a host other than this machine.'),
  usernameFile: unset(secretFile, 'File that contains the user name.'),
  passwordFile: unset(secretFile, 'File that contains the password.'),
  tokenRealm: unset(httpUrl, 'Exact URL of its token service, if that is on another host.'),
  tenants: key(
    list(text),
    [],
    'Tenants that own the packs; "*": all tenants. Other tenants see a pack only if its visibility allows it.',
  ),
  publish: key(flag, false, 'Whether these tenants may publish to this registry through the API.'),
};

const publisherKey = {
  keyRef: needed(name, 'release', 'Name of the key in the rules.'),
  publicKeyFile: needed(
    path,
    '/etc/taskrunner/publishers/release.pub.pem',
    'Ed25519 or P-256 public key, SPKI in PEM.',
  ),
};

const rule = {
  tenants: key(list(text), ['*'], 'Tenants that the rule applies to; "*": all tenants.'),
  packs: key(list(text), ['*'], 'Names of packs, or name prefixes followed by *.'),
  anyOf: needed(list(name), ['release'], 'keyRef of each key that counts.'),
  threshold: key(number(1, 100), 1, 'Number of distinct keys of anyOf that must have signed the pack.', 'keys'),
};

const minimum = {
  pack: needed(text, 'demo', 'Name of the pack.'),
  version: needed(text, '1.0.0', 'Minimum version that may run.'),
};

export const packsRegistry = section(
  'Registries of published packs, and the trust policy for packs. Runs are bound to these settings.',
  {
    registries: key(
      listOf(registry),
      [],
      'Registries, in the order in which they are searched. No other host is contacted.',
    ),
    unsigned: key(
      oneOf('refuse', 'run'),
      'refuse',
      'Whether packs without a signature of a known publisher may run. They can always be planned and simulated.',
      'refuse | run',
    ),
    keys: key(listOf(publisherKey), [], 'Public keys of publishers.'),
    rules: key(listOf(rule), [], 'Trust rules. A pack may run if it meets at least one rule that applies to it.'),
    deny: key(list(text), [], 'Content digests of packs that must not run.'),
    minimumVersions: key(
      listOf(minimum),
      [],
      'Minimum versions of packs. Older versions do not run, even if they are signed.',
    ),
    timeout: key(duration(SECOND, 10 * MINUTE), 30 * SECOND, 'Timeout of one registry request.', 'ms, s, m'),
    maxPackBytes: key(size(MIB, GIB), 64 * MIB, 'Maximum unpacked size of a pack.', 'bytes (KiB, MiB, GiB)'),
    maxFiles: key(number(1, 100_000), 10_000, 'Maximum number of files in a pack.', 'files'),
    maxSignatures: key(number(1, 1_000), 32, 'Maximum number of signatures of one pack.', 'signatures'),
    cacheBytes: key(size(0, 16 * GIB), 64 * MIB, 'Size of the cache of recently read packs.', 'bytes (KiB, MiB, GiB)'),
  },
);
