import { duration, httpUrl, number, port, size, text } from '../kinds';
import { key, section, unset } from '../key';
import { GIB, HOUR, KIB, MIB, MINUTE, SECOND } from './units';

const perSecond = (usual: number, about: string) => key(number(1, 1_000_000), usual, about, 'requests a second');

export const http = section('The HTTP API and the console.', {
  host: key(text, '127.0.0.1', 'Address to listen on.'),
  port: key(port, 8_080, 'Port of the API; 0 takes a free one.'),
  healthPort: key(port, 8_081, 'Port of health and metrics; 0 takes a free one.'),
  publicUrl: unset(httpUrl, 'How others reach the API; null: http://<host>:<port>.'),
  bodyLimit: key(
    size(64 * KIB, 256 * MIB),
    24 * MIB,
    'Largest body of a request that brings a pack: submissions, plans, simulations, publishing.',
    'bytes (KiB, MiB, GiB)',
  ),
  bodies: section('Bodies of requests. They are bounded while they come in, before anything becomes a value.', {
    small: key(size(16 * KIB, 16 * MIB), MIB, 'Largest body of every other request.', 'KiB, MiB'),
    smallValues: key(
      number(1_000, 1_000_000),
      50_000,
      'Keys and elements of every other request, and of what a request holds beside its pack and inputs.',
      'values',
    ),
    levels: key(number(8, 100), 100, 'Lists and objects in each other.', 'levels'),
    keys: key(number(1_000, 10_000_000), 1_000_000, 'Keys of a request that brings a pack.', 'keys'),
    elements: key(
      number(1_000, 10_000_000),
      1_000_000,
      'Elements of lists of a request that brings a pack.',
      'elements',
    ),
    direct: key(
      size(4 * KIB, MIB),
      64 * KIB,
      'Up to here a body is read at once; a larger one is read in a thread and counts in memory and tenantMemory.',
      'KiB, MiB',
    ),
    directValues: key(number(100, 20_000), 500, 'The same for keys and elements together.', 'values'),
    memory: key(
      size(MIB, 64 * GIB),
      192 * MIB,
      'Large bodies of all requests that are not answered yet. Beyond it: 429 BODIES_BUSY.',
      'MiB, GiB',
    ),
    tenantMemory: key(size(MIB, 64 * GIB), 96 * MIB, 'The same for one tenant.', 'MiB, GiB'),
    threads: key(
      number(1, 64),
      2,
      'Large bodies that are read at once; of one tenant one less, if there are two or more.',
      'threads',
    ),
    queue: key(
      number(2, 100_000),
      256,
      'Large bodies that wait to be read, half of them of one tenant. Beyond it: 429 BODIES_BUSY.',
      'bodies',
    ),
    threadMemory: key(
      size(64 * MIB, 16 * GIB),
      256 * MIB,
      'Heap of such a thread. More is 413 BODY_TOO_LARGE.',
      'MiB, GiB',
    ),
    time: key(
      duration(SECOND, 10 * MINUTE),
      10 * SECOND,
      'Longest time to read one body. More is 413 BODY_TOO_LARGE.',
      's, m',
    ),
  }),
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
