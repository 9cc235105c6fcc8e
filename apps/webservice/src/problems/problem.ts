import { CodedError, isCodedError, type Fault } from '@taskrunner/core/foundation';
import { isProblemCode, PROBLEMS, type ApiCode, type ProblemCode } from '@taskrunner/core/operations';

/** An error of the HTTP layer. `headers` are added to the response. */
export class ApiError extends CodedError<ApiCode> {
  static {
    this.brand('ApiError');
  }

  override readonly name = 'ApiError';

  constructor(
    code: ApiCode,
    detail: string,
    faults: readonly Fault[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
    /** Remedy, if the usual one of the code does not fit. */
    remediation: string = PROBLEMS[code].remediation,
  ) {
    super(code, detail, remediation, faults);
  }
}

/** The form of every error (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly remediation: string;
  readonly traceId: string;
  readonly instance: string;
  readonly retryable: boolean;
  readonly errors: readonly (Fault & { readonly aliases: readonly string[] })[];
}

/** The request in which a problem occurred. */
interface ProblemPlace {
  /** Public URL of the API. */
  readonly publicUrl: string;
  readonly traceId: string;
  readonly instance: string;
}

/** True for a reason that this service gave, which names neither a host nor a file. An error of a connection with the same code names both. */
function isOutage(refusal: CodedError): boolean {
  return ApiError.is(refusal) && refusal.code === 'DATABASE_UNAVAILABLE';
}

/** An error as callers see it. An unexpected error becomes `INTERNAL` without details. */
export function toProblem(error: unknown, { publicUrl, traceId, instance }: ProblemPlace): Problem {
  const refusal = isCodedError(error) && isProblemCode(error.code) ? error : null;
  const code: ProblemCode = refusal ? (refusal.code as ProblemCode) : 'INTERNAL';
  const { status, title, remediation, retryable, isDetailed = false } = PROBLEMS[code];
  return {
    type: `${publicUrl}/errors/${code}`,
    title,
    status,
    code,
    detail: refusal && (status < 500 || isDetailed || isOutage(refusal)) ? refusal.message : title,
    remediation: refusal?.remediation ?? remediation,
    traceId,
    instance,
    retryable: retryable ?? false,
    errors: (refusal?.faults ?? []).map((fault) => ({ ...fault, aliases: fault.aliases ?? [] })),
  };
}
