import { duration, flag, httpUrl, list, listOf, name, number, oneOf, path, secretFile, size, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { GIB, MIB, MINUTE, SECOND } from './units';

const registry = {
  name: needed(name, 'main', 'Its name.'),
  type: key(oneOf('oci', 'folder'), 'oci', 'A registry over HTTP, or a folder of OCI layouts.', 'oci | folder'),
  url: unset(
    httpUrl,
    'Of oci: https, with the path that the packs lie below, such as https://registry.example.org/packs.',
  ),
  path: unset(path, 'Of folder: the folder; each pack is a layout in it.'),
  plainHttp: key(flag, false, 'Accepts http to a host that is not this machine.'),
  usernameFile: unset(secretFile, 'File with the user name.'),
  passwordFile: unset(secretFile, 'File with the password.'),
  tokenRealm: unset(httpUrl, 'Where its tokens come from, where that is another host: exactly this URL.'),
  tenants: key(list(text), [], 'Whose packs these are; "*": everybody’s. Others see only what packs show them.'),
  publish: key(flag, false, 'May these tenants publish here through the API?'),
};

const publisherKey = {
  keyRef: needed(name, 'release', 'What rules call it.'),
  publicKeyFile: needed(
    path,
    '/etc/taskrunner/publishers/release.pub.pem',
    'Ed25519 or P-256 public key, SPKI in PEM.',
  ),
};

const rule = {
  tenants: key(list(text), ['*'], 'For packs that these tenants run; "*": all.'),
  packs: key(list(text), ['*'], 'Names of packs, or beginnings of names followed by *.'),
  anyOf: needed(list(name), ['release'], 'keyRef of the keys that count.'),
  threshold: key(number(1, 100), 1, 'How many distinct keys of them must have signed.', 'keys'),
};

const minimum = {
  pack: needed(text, 'demo', 'Name of the pack.'),
  version: needed(text, '1.0.0', 'Oldest version that may run.'),
};

export const packsRegistry = section(
  'Published packs: where they are, and whose may run. Part of what runs are bound to.',
  {
    registries: key(
      listOf(registry),
      [],
      'Registries, in the order in which packs are looked for; no other host is ever asked.',
    ),
    unsigned: key(
      oneOf('refuse', 'run'),
      'refuse',
      'What happens to packs that no known publisher has signed. They may be planned and simulated in any case.',
      'refuse | run',
    ),
    keys: key(listOf(publisherKey), [], 'Keys of publishers.'),
    rules: key(listOf(rule), [], 'A pack may run if one of the rules about it is met.'),
    deny: key(list(text), [], 'Content digests of packs that run nowhere.'),
    minimumVersions: key(listOf(minimum), [], 'Older versions do not run, whoever signed them.'),
    timeout: key(duration(SECOND, 10 * MINUTE), 30 * SECOND, 'One exchange with a registry.', 'ms, s, m'),
    maxPackBytes: key(size(MIB, GIB), 64 * MIB, 'Largest archive of a pack, unpacked.', 'bytes (KiB, MiB, GiB)'),
    maxFiles: key(number(1, 100_000), 10_000, 'Most files of a pack.', 'files'),
    maxSignatures: key(number(1, 1_000), 32, 'Most signatures of one pack.', 'signatures'),
    cacheBytes: key(size(0, 16 * GIB), 64 * MIB, 'What was read last is kept, up to this.', 'bytes (KiB, MiB, GiB)'),
  },
);
