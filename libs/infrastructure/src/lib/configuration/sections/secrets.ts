import { flag, list, listOf, name, oneOf, path, size, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { MIB } from './units';

const provider = {
  id: needed(name, 'files', 'What bindings call it.'),
  kind: key(oneOf('file', 'environment'), 'file', 'Where it keeps secrets.', 'file | environment'),
  folder: unset(path, 'file: the folder; each secret a file of mode 0600 in it, of the worker’s user or root.'),
  prefix: key(text, 'TASKRUNNER_SECRET_', 'environment: how the worker’s variables begin; the rest is the ref.'),
};

const binding = {
  name: needed(name, 'deploy-token', 'As packs call the secret.'),
  provider: needed(name, 'files', 'Id of the provider.'),
  ref: needed(
    text,
    'deploy-token',
    'What the provider calls it: a path below the folder, or a name without the prefix.',
  ),
  tenants: key(list(text), [], 'Tenants that may have it; "*": all; none: nobody.'),
  packs: key(
    list(text),
    [],
    'Packs that may have it: name or name:version, each also with * at its end; none: no pack.',
  ),
  signedBy: key(
    list(text),
    [],
    'Fingerprints of keys, one of which signed the pack; []: any; unsigned: also unsigned packs.',
  ),
  requireGate: key(flag, false, 'Only for steps behind an approval gate.'),
  requireSealed: key(flag, false, 'Only where steps are sealed.'),
  rotation: key(
    oneOf('refuse', 'allow'),
    'refuse',
    'When the value changes after a run began: fail the step, or take the new one.',
    'refuse | allow',
  ),
};

export const secrets = section('Secrets of packs. The webservice reads the bindings, the worker also the values.', {
  providers: key(listOf(provider), [], 'Where values are kept.'),
  bindings: key(
    listOf(binding),
    [],
    'Who may have what; the first that fits counts. What is not bound is not granted.',
  ),
  maxBytes: key(size(8, MIB), 16 * 1024, 'Largest secret.', 'B, KiB, MiB'),
  deliveryFolder: key(
    path,
    '/dev/shm',
    'Worker: a folder in memory (tmpfs), where secrets lie as files while a step runs.',
  ),
});
