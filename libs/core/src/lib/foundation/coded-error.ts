import { BrandedError } from './branded-error';
import type { Fault } from './fault';

/**
 * An expected error with a code that is shown to callers. `code` comes from a closed union of the layer that throws it. Programming
 * mistakes are `TypeError`s. The underlying error of an external fault is in `cause`.
 */
export class CodedError<Code extends string = string> extends BrandedError {
  static {
    this.brand('CodedError');
  }

  override readonly name: string = 'CodedError';

  constructor(
    readonly code: Code,
    message: string,
    readonly remediation: string,
    readonly faults: readonly Fault[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** True if `error` is an error with a code. */
export function isCodedError(error: unknown): error is CodedError {
  return CodedError.is(error);
}
