import { list, path, secretFile } from '../kinds';
import { key, section, unset } from '../key';

export const keys = section('Private keys in files of mode 0600. Each process needs its own only.', {
  folder: key(path, '/etc/taskrunner/keys', 'Where a key lies that has no path of its own below.'),
  admission: unset(secretFile, 'Webservice: signs admissions; null: <folder>/admission.pem.'),
  ledger: unset(secretFile, 'Webservice: signs decisions; null: <folder>/ledger.pem.'),
  runOpen: unset(secretFile, 'Worker: signs statements of open runs; null: <folder>/run-open.pem.'),
  runSealed: unset(secretFile, 'Worker: signs statements of sealed runs; null: <folder>/run-sealed.pem.'),
  bundle: unset(secretFile, 'Worker: signs bundles; null: <folder>/bundle.pem.'),
  checkpoint: unset(
    secretFile,
    'Webservice: signs checkpoints of the audit chain; null: <folder>/checkpoint.pem, if it is there.',
  ),
  journalMac: unset(secretFile, 'Worker: HMAC key of the journal; null: <folder>/journal-mac.key.'),
  sensitiveInputs: unset(
    secretFile,
    'Webservice seals and worker opens sensitive inputs: the same key; null: <folder>/sensitive-inputs.key, if it is there.',
  ),
  admissionPublic: key(list(path), [], 'Worker: public keys of admissions; []: <folder>/admission.pub.pem.'),
  ledgerPublic: key(list(path), [], 'Worker: public keys of decisions; []: <folder>/ledger.pub.pem.'),
});
