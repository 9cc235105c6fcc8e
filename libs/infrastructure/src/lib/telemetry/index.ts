export { METRICS, type Metric } from './metrics';
export { TelemetryError, type TelemetryErrorCode } from './telemetry-error';
