import { CodedError } from '@taskrunner/core/foundation';

/** Errors of setting up telemetry. Later errors affect nothing else. */
export type TelemetryErrorCode =
  /** The file with headers cannot be read. */
  | 'TELEMETRY_HEADERS_UNREADABLE'
  /** A line of it is not `name: value`. */
  | 'TELEMETRY_HEADERS_INVALID';

/** Telemetry cannot be set up as configured. */
export class TelemetryError extends CodedError<TelemetryErrorCode> {
  static {
    this.brand('TelemetryError');
  }

  override readonly name = 'TelemetryError';
}
