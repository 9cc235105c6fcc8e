import { duration, httpUrl, list, number, oneOf, secretFile, share, text } from '../kinds';
import { key, section, unset } from '../key';
import { HOUR, MINUTE, SECOND } from './units';

export const telemetry = section('Logs, traces and metrics of the processes.', {
  logLevel: key(
    oneOf('info', 'trace', 'debug', 'warn', 'error'),
    'info',
    'Minimum log level.',
    'trace | debug | info | warn | error',
  ),
  endpoint: unset(
    httpUrl,
    'Base URL of an OTLP/HTTP receiver, such as http://127.0.0.1:4318; null: nothing is exported. /metrics is always available.',
  ),
  headersFile: unset(secretFile, 'File that contains headers for the receiver, one `name: value` on each line.'),
  protocol: key(oneOf('protobuf', 'json'), 'protobuf', 'Encoding.', 'protobuf | json'),
  signals: key(
    list(oneOf('traces', 'metrics', 'logs')),
    ['traces', 'metrics', 'logs'],
    'Signals to export.',
    'traces | metrics | logs',
  ),
  sampling: key(
    share,
    1,
    'Share of new traces that are exported. A trace that a caller started is exported if the caller sampled it.',
    '0 to 1',
  ),
  serviceName: unset(text, '`service.name`; null: taskrunner-webservice and taskrunner-worker.'),
  exportInterval: key(duration(100, MINUTE), 5 * SECOND, 'Export interval of spans and log records.', 'ms, s, m'),
  metricsInterval: key(duration(SECOND, HOUR), MINUTE, 'Export interval of metrics.', 's, m, h'),
  exportTimeout: key(duration(100, MINUTE), 10 * SECOND, 'Timeout of one export.', 'ms, s, m'),
  queueSize: key(
    number(16, 1_000_000),
    2_048,
    'Maximum number of queued spans, and of queued log records. Further records are dropped.',
    'records',
  ),
  measureInterval: key(
    duration(SECOND, HOUR),
    15 * SECOND,
    'Interval at which queue depth, open gates and pending evidence are measured in the database.',
    's, m, h',
  ),
});
