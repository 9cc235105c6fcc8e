import { ANNOUNCEMENT_TYPES } from '@taskrunner/core';
import { duration, httpUrl, list, listOf, name, oneOf, secretFile, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { DAY, HOUR, MINUTE, SECOND } from './units';

const endpoint = {
  tenant: needed(name, 'acme', 'Whose runs it hears of.'),
  url: needed(httpUrl, 'https://hooks.example.org/taskrunner', 'Where messages go; https, or http with cidr.'),
  secretFile: needed(
    secretFile,
    '/etc/taskrunner/webhooks/acme.secret',
    'File of mode 0600 with the signing secret: whsec_ and base64 of 24 to 64 bytes.',
  ),
  types: key(list(oneOf(...ANNOUNCEMENT_TYPES)), [], 'What it hears of; []: everything.'),
  cidr: unset(text, 'Addresses that its name must resolve to; the only way to private ones.'),
};

export const webhooks = section('Who is told what happens in runs. A message holds ids, the gate digest and a link.', {
  endpoints: key(listOf(endpoint), [], 'Endpoints by tenant; a message is signed as Standard Webhooks say.'),
  timeout: key(duration(SECOND / 10, MINUTE), 10 * SECOND, 'Longest time of one try.', 'ms, s'),
  firstRetry: key(duration(10, HOUR), 5 * SECOND, 'Pause after the first try; it doubles.', 'ms, s, m, h'),
  longestRetry: key(duration(10, DAY), HOUR, 'Longest pause between tries.', 'ms, s, m, h'),
  giveUpAfter: key(duration(SECOND, 7 * DAY), DAY, 'How long a message is tried.', 's, m, h, d'),
});
