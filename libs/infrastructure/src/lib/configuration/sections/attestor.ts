import { duration, httpUrl, path, secretFile, text } from '../kinds';
import { key, section, unset } from '../key';
import { MINUTE, SECOND } from './units';

export const attestor = section(
  'A remote Attestor that verifies what workers did and signs it with keys that they cannot read; without one, key files sign.',
  {
    url: unset(httpUrl, 'Where it is; https, or http on loopback. null: key files of the workers sign.'),
    tokenUrl: unset(httpUrl, 'Token endpoint of the client credentials (RFC 6749 §4.4).'),
    clientId: unset(text, 'Client id of the workers.'),
    clientSecretFile: unset(secretFile, 'File with the client secret.'),
    audience: key(text, 'taskrunner-attestor', 'The `resource` that tokens are asked for (RFC 8707).'),
    caFile: unset(path, 'Certificates (PEM) that its TLS is checked with; null: those of the machine.'),
    retry: key(
      duration(100, 10 * MINUTE),
      5 * SECOND,
      'Pause before a seal that was put off is tried again; it doubles up to a minute.',
      'ms, s, m',
    ),
    timeout: key(duration(SECOND, 10 * MINUTE), 30 * SECOND, 'Longest time one request may take.', 'ms, s, m'),
  },
);
