import { duration, httpUrl, list, number, oneOf, secretFile, share, text } from '../kinds';
import { key, section, unset } from '../key';
import { HOUR, MINUTE, SECOND } from './units';

export const telemetry = section('What the processes say: logs, traces, metrics.', {
  logLevel: key(
    oneOf('info', 'trace', 'debug', 'warn', 'error'),
    'info',
    'Least level that is logged.',
    'trace | debug | info | warn | error',
  ),
  endpoint: unset(
    httpUrl,
    'Base URL of an OTLP/HTTP receiver, such as http://127.0.0.1:4318; null: nothing is sent. /metrics is there in any case.',
  ),
  headersFile: unset(secretFile, 'File with headers for the receiver, one `name: value` a line.'),
  protocol: key(oneOf('protobuf', 'json'), 'protobuf', 'How it is written.', 'protobuf | json'),
  signals: key(
    list(oneOf('traces', 'metrics', 'logs')),
    ['traces', 'metrics', 'logs'],
    'What is sent.',
    'traces | metrics | logs',
  ),
  sampling: key(share, 1, 'Share of traces that begin here and are sent; a caller decides about its own.', '0 to 1'),
  serviceName: unset(text, '`service.name`; null: taskrunner-webservice and taskrunner-worker.'),
  exportInterval: key(duration(100, MINUTE), 5 * SECOND, 'Spans and log records are sent this often.', 'ms, s, m'),
  metricsInterval: key(duration(SECOND, HOUR), MINUTE, 'Metrics are sent this often.', 's, m, h'),
  exportTimeout: key(duration(100, MINUTE), 10 * SECOND, 'Longest time one sending may take.', 'ms, s, m'),
  queueSize: key(
    number(16, 1_000_000),
    2_048,
    'Spans, and log records, that wait for the receiver; further ones are dropped.',
    'records',
  ),
  measureInterval: key(
    duration(SECOND, HOUR),
    15 * SECOND,
    'How often the database is asked for queue depth, open gates and pending evidence.',
    's, m, h',
  ),
});
