import { CodedError } from '@taskrunner/core/foundation';

/** Errors during the setup of telemetry. Later errors do not affect the service. */
export type TelemetryErrorCode =
  /** The headers file cannot be read. */
  | 'TELEMETRY_HEADERS_UNREADABLE'
  /** A line of the headers file is not `name: value`. */
  | 'TELEMETRY_HEADERS_INVALID';

/** An error of a telemetry configuration that cannot be applied. */
export class TelemetryError extends CodedError<TelemetryErrorCode> {
  static {
    this.brand('TelemetryError');
  }

  override readonly name = 'TelemetryError';
}
