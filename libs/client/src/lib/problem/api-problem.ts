import type { Fault, Problem, ProblemCode } from '../api/types';

const BRAND = Symbol.for('taskrunner.error.ApiProblem');
/** Statuses of servers and proxies that are temporary, regardless of the body. */
const TEMPORARY = [429, 502, 503, 504];

/**
 * An error code of the API. `HTTP_<status>`: a response that no TaskRunner server has sent, such as that of a proxy. Later servers may have
 * more codes.
 */
export type ApiProblemCode = ProblemCode | `HTTP_${number}` | (string & Record<never, never>);

/** A request that the server refused (RFC 9457). Recognize it with `ApiProblem.is(error)`. */
export class ApiProblem extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** True for this error, from any copy of the package. */
  static is(error: unknown): error is ApiProblem {
    return typeof error === 'object' && error !== null && BRAND in error;
  }

  override readonly name = 'ApiProblem';
  readonly code: ApiProblemCode;
  readonly title: string;
  readonly detail: string;
  /** The remedy; null: the server does not state it. */
  readonly remediation: string | null;
  /** All errors in a pack, in inputs or in a body, with positions. */
  readonly errors: readonly Fault[];
  /** The id with which the operator finds the request; null: the response has none. */
  readonly traceId: string | null;
  /** True: the same request may succeed later. */
  readonly retryable: boolean;

  constructor(
    readonly status: number,
    /** The members of the response, including those of certain codes, such as `receipt`; empty: the response is not a problem document. */
    readonly document: Partial<Problem>,
    /** Time to wait before the next try, milliseconds (`Retry-After`); null: the server does not state it. */
    readonly retryAfterMs: number | null = null,
  ) {
    const code = document.code ?? `HTTP_${status}`;
    const title = document.title ?? `The server responded with status ${status}`;
    const detail = document.detail ?? document.title ?? `the server responded with status ${status}`;
    super(`${code}: ${detail}`);
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.remediation = document.remediation ?? null;
    this.errors = document.errors ?? [];
    this.traceId = document.traceId ?? null;
    this.retryable = document.retryable ?? TEMPORARY.includes(status);
  }
}
