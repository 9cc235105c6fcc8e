import { duration, httpUrl, list, number, origin, path, port, size, text } from '../kinds';
import { key, section, unset } from '../key';
import { GIB, HOUR, KIB, MIB, MINUTE, SECOND } from './units';

const perSecond = (usual: number, about: string) => key(number(1, 1_000_000), usual, about, 'requests a second');

export const http = section('The HTTP API.', {
  host: key(text, '127.0.0.1', 'Address to listen on.'),
  port: key(port, 8_080, 'Port of the API; 0 selects a free port.'),
  healthPort: key(port, 8_081, 'Port of the health and metrics endpoints; 0 selects a free port.'),
  socket: unset(
    path,
    'Unix socket on which the webservice listens instead of host and ports, at most 100 bytes long. Health and metrics are served on the same path with .health at its end. Only the account of the process can connect. null: host and port.',
  ),
  publicUrl: unset(httpUrl, 'URL at which clients reach the API; null: http://<host>:<port>.'),
  cors: section('Web pages of other origins that may call the API (CORS).', {
    origins: key(
      list(origin),
      [],
      'Origins, such as https://console.example.org. [] allows none: browsers then refuse the answers of the API to pages of other origins.',
    ),
    maxAge: key(
      duration(0, 24 * HOUR),
      10 * MINUTE,
      'Time for which a browser may keep the answer to a preflight request. Browsers also have their own, lower limits.',
      's, m, h',
    ),
  }),
  bodyLimit: key(
    size(64 * KIB, 256 * MIB),
    24 * MIB,
    'Maximum body size of a request that contains a pack: submit, plan, simulate and publish.',
    'bytes (KiB, MiB, GiB)',
  ),
  bodies: section('Limits on request bodies. They are enforced while a body is received, before it is parsed.', {
    small: key(size(16 * KIB, 16 * MIB), MIB, 'Maximum body size of all other requests.', 'KiB, MiB'),
    smallValues: key(
      number(1_000, 1_000_000),
      50_000,
      'Maximum number of keys and elements in all other requests, and in the fields of a request other than its pack and inputs.',
      'values',
    ),
    levels: key(number(8, 100), 100, 'Maximum nesting depth of lists and objects.', 'levels'),
    keys: key(
      number(1_000, 10_000_000),
      1_000_000,
      'Maximum number of keys in a request that contains a pack.',
      'keys',
    ),
    elements: key(
      number(1_000, 10_000_000),
      1_000_000,
      'Maximum number of list elements in a request that contains a pack.',
      'elements',
    ),
    direct: key(
      size(4 * KIB, MIB),
      64 * KIB,
      'Bodies up to this size are parsed immediately. A larger body is parsed in a thread and counts toward memory and tenantMemory.',
      'KiB, MiB',
    ),
    directValues: key(
      number(100, 20_000),
      500,
      'The same threshold for the total number of keys and elements.',
      'values',
    ),
    memory: key(
      size(MIB, 64 * GIB),
      192 * MIB,
      'Total size of large bodies of all requests in progress. Requests beyond it get 429 BODIES_BUSY.',
      'MiB, GiB',
    ),
    tenantMemory: key(
      size(MIB, 64 * GIB),
      96 * MIB,
      'The same limit for one tenant. One person can use half of it, or one body of http.bodyLimit if that is more.',
      'MiB, GiB',
    ),
    threads: key(
      number(1, 64),
      2,
      'Number of large bodies that are parsed concurrently. One tenant may use all but one of the threads if there are two or more.',
      'threads',
    ),
    queue: key(
      number(2, 100_000),
      256,
      'Number of large bodies that may wait to be parsed. One tenant may use half of the queue. Requests beyond it get 429 BODIES_BUSY.',
      'bodies',
    ),
    threadMemory: key(
      size(64 * MIB, 16 * GIB),
      256 * MIB,
      'Heap size of a parser thread. A body that needs more gets 413 BODY_TOO_LARGE.',
      'MiB, GiB',
    ),
    time: key(
      duration(SECOND, 10 * MINUTE),
      10 * SECOND,
      'Maximum processor time to parse one body. A body that needs more gets 413 BODY_TOO_LARGE. One that does not get it within ten times as long, because the machine is busy, gets 429 BODIES_BUSY.',
      's, m',
    ),
    discard: key(
      size(KIB, GIB),
      64 * MIB,
      'Maximum size of the rest of a refused body that is read and discarded after the answer, so that the client receives the answer. Then the connection is closed.',
      'bytes (KiB, MiB, GiB)',
    ),
    discardTime: key(
      duration(0, 10 * MINUTE),
      10 * SECOND,
      'Maximum time for which the rest of a refused body is read and discarded.',
      'ms, s, m',
    ),
    discardRate: key(
      size(MIB, 64 * GIB),
      128 * MIB,
      'Maximum rate in bytes per second at which the rest of all refused bodies is read and discarded. A lower rate leaves more time for other requests.',
      'MiB, GiB',
    ),
  }),
  headersTimeout: key(duration(SECOND, 10 * MINUTE), 15 * SECOND, 'Timeout for receiving the request headers.', 's, m'),
  bodyTimeout: key(
    duration(SECOND, HOUR),
    30 * SECOND,
    'Timeout for receiving the request body after the headers. Uploads use artifacts.uploads.timeout and idle.',
    's, m',
  ),
  keepAlive: key(duration(SECOND, HOUR), 65 * SECOND, 'Time after which an idle connection is closed.', 's, m'),
  lameDuck: key(
    duration(0, 10 * MINUTE),
    5 * SECOND,
    'Time after SIGTERM in which requests are still accepted while readiness fails, so that load balancers stop sending requests.',
    'ms, s, m',
  ),
  drain: key(
    duration(0, HOUR),
    30 * SECOND,
    'Time after lameDuck that requests in progress may take before their connections are closed.',
    'ms, s, m',
  ),
  streams: section('Streams of logs and of events, on one webservice.', {
    person: key(
      number(1, 1_000_000),
      200,
      'Maximum number of open streams of one person of one tenant. More get 429 STREAMS_TOO_MANY.',
      'streams',
    ),
    tenant: key(number(1, 1_000_000), 2_000, 'The same limit for one tenant.', 'streams'),
    all: key(number(1, 1_000_000), 10_000, 'The same limit for all tenants together.', 'streams'),
    cache: key(size(MIB, 16 * GIB), 32 * MIB, 'Size of the log cache that all readers share.', 'KiB, MiB, GiB'),
    stall: key(
      duration(SECOND, HOUR),
      30 * SECOND,
      'Time after which a reader that accepts no data is disconnected. Clients reconnect.',
      's, m',
    ),
  }),
  events: section('Streams of events (`GET /api/events`).', {
    interval: key(
      duration(50, MINUTE),
      500,
      'Pause between two queries for new events of a tenant that has readers.',
      'ms, s',
    ),
  }),
  timings: section('Timelines of runs (`GET /api/runs/{runId}/timings`).', {
    page: key(number(100, 100_000), 10_000, 'Maximum number of steps on one page.', 'steps'),
    held: key(
      number(10_000, 100_000_000),
      500_000,
      'Maximum number of steps and executions whose times are kept in memory, for all runs together, about 150 bytes each. A run that exceeds the limit by itself gets 422 TIMINGS_TOO_LARGE.',
      'steps and executions',
    ),
  }),
  journals: section('Cache of journals. The webservice compares rows with the journal before it shows them.', {
    cache: key(
      size(MIB, 16 * GIB),
      64 * MIB,
      'Size of the cache for all runs, about 40 bytes for each log chunk and 300 bytes for each artifact. A journal larger than the cache is kept until another journal is read. The steps of runs with short journals are kept in a second cache of the same size.',
      'KiB, MiB, GiB',
    ),
  }),
  logs: section('Pages and searches of logs.', {
    pageLines: key(number(1, 5_000), 1_000, 'Maximum number of lines on a page.', 'lines'),
    scanLines: key(
      number(1_000, 10_000_000),
      100_000,
      'Maximum number of lines that one request searches. The response states the last line that was searched. The next request continues after it.',
      'lines',
    ),
    scanBytes: key(
      size(MIB, GIB),
      32 * MIB,
      'Total size of lines after which one request stops searching. The size is checked after each chunk, and in a backward search after every 1024 lines.',
      'KiB, MiB, GiB',
    ),
    reads: key(number(1, 64), 2, 'Maximum number of concurrent reads of stored lines for pages and searches.', 'reads'),
  }),
  limits: section('Rate limits by type of request. They apply to one person of one tenant on one webservice.', {
    submit: perSecond(5_000, 'Submissions.'),
    plan: perSecond(500, 'Plans and simulations.'),
    decide: perSecond(50, 'Decisions.'),
    stream: perSecond(100, 'Log streams opened.'),
    download: perSecond(500, 'Downloads.'),
    read: perSecond(5_000, 'All other requests.'),
    refusedDecisions: key(number(1, 100_000), 10, 'Refused decisions.', 'a minute'),
    refusedTokens: perSecond(50, 'Requests without a valid token from one address.'),
  }),
});
