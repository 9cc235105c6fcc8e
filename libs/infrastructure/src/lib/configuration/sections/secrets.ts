import { flag, list, listOf, name, oneOf, path, size, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { MIB } from './units';

const provider = {
  id: needed(name, 'files', 'Name of the provider in the bindings.'),
  kind: key(
    oneOf('file', 'environment', 'custom'),
    'file',
    'Type of storage. custom: provided by the deployment.',
    'file | environment | custom',
  ),
  folder: unset(
    path,
    'For file: the directory. Each secret is a file with mode 0600, owned by the user of the worker or by root.',
  ),
  prefix: key(
    text,
    'TASKRUNNER_SECRET_',
    "For environment: prefix of the worker's environment variables. The rest of the variable name is the ref.",
  ),
};

const binding = {
  name: needed(name, 'deploy-token', 'Name of the secret in packs.'),
  provider: needed(name, 'files', 'Id of the provider that stores the value.'),
  ref: needed(
    text,
    'deploy-token',
    'Name of the secret at the provider: a path relative to the directory, or a variable name without the prefix.',
  ),
  tenants: key(list(text), [], 'Tenants that may use it; "*": all; []: none.'),
  packs: key(
    list(text),
    [],
    'Packs that may use it: name or name:version, each with an optional * at the end; []: none.',
  ),
  signedBy: key(
    list(text),
    [],
    'Fingerprints of keys. One of them must have signed the pack; []: any key; unsigned: unsigned packs are accepted too.',
  ),
  requireGate: key(flag, false, 'Grants the secret only to steps behind an approval gate.'),
  requireSealed: key(flag, false, 'Grants the secret only to sealed steps.'),
  rotation: key(
    oneOf('refuse', 'allow'),
    'refuse',
    'Behaviour if the value changes after a run began. refuse: the step fails. allow: the step uses the new value.',
    'refuse | allow',
  ),
};

export const secrets = section(
  'Secrets of packs. The webservice reads the bindings; the worker reads the bindings and the values.',
  {
    providers: key(listOf(provider), [], 'Providers that store the values of secrets.'),
    bindings: key(
      listOf(binding),
      [],
      'Bindings that grant secrets to packs. The first matching binding applies. A secret without a binding is not granted.',
    ),
    maxBytes: key(size(8, MIB), 16 * 1024, 'Maximum size of a secret.', 'B, KiB, MiB'),
    deliveryFolder: key(
      path,
      '/dev/shm',
      'Worker: directory in memory (tmpfs) that holds secrets as files while a step runs.',
    ),
  },
);
