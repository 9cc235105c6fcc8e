import type { Fault, Problem, ProblemCode } from '../api/types';

const BRAND = Symbol.for('taskrunner.error.ApiProblem');
/** Statuses of servers and proxies that are temporary, whatever the body says. */
const TEMPORARY = [429, 502, 503, 504];

/** A code of the API. `HTTP_<status>`: an answer that no TaskRunner server has sent, such as that of a proxy. Later servers may have others. */
export type ApiProblemCode = ProblemCode | `HTTP_${number}` | (string & Record<never, never>);

/** The server refused a request (RFC 9457). Recognise it by `ApiProblem.is(error)`. */
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
  /** What to do; null: the server does not say. */
  readonly remediation: string | null;
  /** The errors in a pack, in inputs or in a body: all of them, with positions. */
  readonly errors: readonly Fault[];
  /** What the operator finds the request by; null: the answer has none. */
  readonly traceId: string | null;
  /** True: the same request may succeed later. */
  readonly retryable: boolean;

  constructor(
    readonly status: number,
    /** The members of the answer, with those of some codes, such as `receipt`; empty: the answer is no problem document. */
    readonly document: Partial<Problem>,
    /** How long to wait before the next try, milliseconds (`Retry-After`); null: the server does not say. */
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
