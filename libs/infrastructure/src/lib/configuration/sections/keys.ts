import { list, path, secretFile } from '../kinds';
import { key, section, unset } from '../key';

export const keys = section('Private keys in files with mode 0600. Each process needs only its own keys.', {
  folder: key(path, '/etc/taskrunner/keys', 'Directory of all keys for which no path is set below.'),
  admission: unset(secretFile, 'Webservice: signs admissions; null: <folder>/admission.pem.'),
  ledger: unset(secretFile, 'Webservice: signs decisions; null: <folder>/ledger.pem.'),
  runOpen: unset(secretFile, 'Worker: signs statements of open runs; null: <folder>/run-open.pem.'),
  runSealed: unset(secretFile, 'Worker: signs statements of sealed runs; null: <folder>/run-sealed.pem.'),
  bundle: unset(secretFile, 'Worker: signs bundles; null: <folder>/bundle.pem.'),
  checkpoint: unset(
    secretFile,
    'Webservice: signs checkpoints of the audit chain; null: <folder>/checkpoint.pem, if it exists.',
  ),
  journalMac: unset(secretFile, 'Worker: HMAC key of the journal; null: <folder>/journal-mac.key.'),
  sensitiveInputs: unset(
    secretFile,
    'Webservice and worker: the shared key that encrypts and decrypts sensitive inputs; null: <folder>/sensitive-inputs.key, if it exists.',
  ),
  admissionPublic: key(
    list(path),
    [],
    'Worker: public keys that verify admissions; []: <folder>/admission.pub.pem. Webservice: further keys that verify admissions and records of schedules, such as those before a rotation.',
  ),
  ledgerPublic: key(
    list(path),
    [],
    'Worker: public keys that verify decisions; []: <folder>/ledger.pub.pem. Webservice: further keys that verify decisions, such as those before a rotation.',
  ),
});
