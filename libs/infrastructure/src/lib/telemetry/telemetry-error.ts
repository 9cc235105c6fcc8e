import { CodedError } from '@taskrunner/core/foundation';

/** What can be wrong with telemetry before it begins; later it hurts nobody. */
export type TelemetryErrorCode =
  /** The file with headers cannot be read. */
  | 'TELEMETRY_HEADERS_UNREADABLE'
  /** A line of it is not `name: value`. */
  | 'TELEMETRY_HEADERS_INVALID';

/** Telemetry that cannot be set up as configured. */
export class TelemetryError extends CodedError<TelemetryErrorCode> {
  static {
    this.brand('TelemetryError');
  }

  override readonly name = 'TelemetryError';
}
