// An entry of its own: who says nothing does not load what says it (about 100 ms).
export type { JsonLog } from './lib/telemetry/json-log';
export { METRICS, type Metric, type MetricName } from './lib/telemetry/metrics';
export { Telemetry } from './lib/telemetry/telemetry';
export { TelemetryError, type TelemetryErrorCode } from './lib/telemetry/telemetry-error';
export type { LogLevel, Service, TelemetryOptions } from './lib/telemetry/telemetry-options';
export type { RunWatch } from './lib/telemetry/watch-runs';
