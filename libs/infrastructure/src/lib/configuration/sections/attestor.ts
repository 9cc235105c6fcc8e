import { duration, httpUrl, path, secretFile, text } from '../kinds';
import { key, section, unset } from '../key';
import { MINUTE, SECOND } from './units';

export const attestor = section(
  'A remote Attestor verifies the records of workers and signs them with keys that workers cannot read. Without one, workers sign with key files.',
  {
    url: unset(httpUrl, 'URL of the Attestor; https, or http on loopback. null: workers sign with key files.'),
    tokenUrl: unset(httpUrl, 'Token endpoint for client credentials (RFC 6749 §4.4).'),
    clientId: unset(text, 'Client id of the workers.'),
    clientSecretFile: unset(secretFile, 'File that contains the client secret.'),
    audience: key(text, 'taskrunner-attestor', 'The `resource` parameter of token requests (RFC 8707).'),
    caFile: unset(
      path,
      'CA certificates (PEM) for its TLS connection; null: the certificates of the operating system.',
    ),
    retry: key(
      duration(100, 10 * MINUTE),
      5 * SECOND,
      'Delay before a deferred seal is retried. The delay doubles, up to one minute.',
      'ms, s, m',
    ),
    timeout: key(duration(SECOND, 10 * MINUTE), 30 * SECOND, 'Timeout of one request.', 'ms, s, m'),
  },
);
