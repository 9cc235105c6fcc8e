import { duration, httpUrl, number, port, size, text } from '../kinds';
import { key, section, unset } from '../key';
import { GIB, HOUR, MIB, MINUTE, SECOND } from './units';

const perSecond = (usual: number, about: string) => key(number(1, 1_000_000), usual, about, 'requests a second');

export const http = section('The HTTP API and the console.', {
  host: key(text, '127.0.0.1', 'Address to listen on.'),
  port: key(port, 8_080, 'Port of the API; 0 takes a free one.'),
  healthPort: key(port, 8_081, 'Port of health and metrics; 0 takes a free one.'),
  publicUrl: unset(httpUrl, 'How others reach the API; null: http://<host>:<port>.'),
  bodyLimit: key(size(64 * 1024, 256 * MIB), 24 * MIB, 'Largest request body.', 'bytes (KiB, MiB, GiB)'),
  headersTimeout: key(duration(SECOND, 10 * MINUTE), 15 * SECOND, 'Longest time for the head of a request.', 's, m'),
  bodyTimeout: key(
    duration(SECOND, HOUR),
    30 * SECOND,
    'Longest time for the body of a request then; uploads have artifacts.uploads.timeout.',
    's, m',
  ),
  keepAlive: key(duration(SECOND, HOUR), 65 * SECOND, 'How long an idle connection is kept.', 's, m'),
  lameDuck: key(
    duration(0, 10 * MINUTE),
    5 * SECOND,
    'After SIGTERM, how long requests are still accepted while readiness fails, so that balancers find out.',
    'ms, s, m',
  ),
  drain: key(
    duration(0, HOUR),
    30 * SECOND,
    'After lameDuck, how long requests under way may take before they are cut off.',
    'ms, s, m',
  ),
  streams: section('Log streams.', {
    cache: key(size(MIB, 16 * GIB), 32 * MIB, 'What all readers of logs share of them.', 'KiB, MiB, GiB'),
    stall: key(
      duration(SECOND, HOUR),
      30 * SECOND,
      'How long a reader may take nothing before it is cut off; it comes again.',
      's, m',
    ),
  }),
  limits: section('Requests of one person of one tenant to one webservice, by what they ask for.', {
    submit: perSecond(5_000, 'Submissions.'),
    plan: perSecond(500, 'Plans and simulations.'),
    decide: perSecond(50, 'Decisions.'),
    stream: perSecond(100, 'Log streams that are opened.'),
    download: perSecond(500, 'Downloads.'),
    read: perSecond(5_000, 'Everything else.'),
    refusedDecisions: key(number(1, 100_000), 10, 'Decisions that are refused.', 'a minute'),
    refusedTokens: perSecond(50, 'Without a valid token, of one address.'),
  }),
});
