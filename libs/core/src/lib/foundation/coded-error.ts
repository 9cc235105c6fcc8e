import { BrandedError } from './branded-error';
import type { Fault } from './fault';

/**
 * A refusal: expected, coded, shown to callers. `code` comes from a closed union of the floor that throws it.
 * Programming mistakes are `TypeError`s; faults of the world keep their own error as `cause`.
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

/** True if `error` is a refusal with a code. */
export function isCodedError(error: unknown): error is CodedError {
  return CodedError.is(error);
}
