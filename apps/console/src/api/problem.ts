import type { Fault } from '@taskrunner/client';

/** What is wrong in a request, and where; the place in a text is known only if a text was sent. */
export type RequestFault = Pick<Fault, 'code' | 'path' | 'message' | 'remediation'> &
  Partial<Pick<Fault, 'line' | 'column' | 'file'>>;

/** An error of the API (RFC 9457), or a connection that failed (status 0). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remediation: string | null = null,
    /** Time to wait before the next try, milliseconds; null: not stated. */
    readonly retryAfter: number | null = null,
    /** What is wrong in the request, each with its place. */
    readonly faults: readonly RequestFault[] = [],
  ) {
    super(message);
  }

  static is(value: unknown): value is ApiProblem {
    return value instanceof Error && value.name === 'ApiProblem';
  }

  /** True if the same request may succeed later. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The problem in an error response. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const seconds = Number(response.headers.get('retry-after') ?? '');
  const retryAfter = seconds > 0 ? seconds * 1_000 : null;
  const body: unknown = await response.json().catch(() => null);
  const { code, detail, title, remediation, errors } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  const message = text(detail) ?? text(title) ?? `The server answered ${response.status}.`;
  const faults = Array.isArray(errors) ? errors.filter(isFault) : [];
  return new ApiProblem(response.status, text(code) ?? 'UNKNOWN', message, text(remediation), retryAfter, faults);
}

function isFault(value: unknown): value is Fault {
  const { code, path, message, remediation } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return [code, path, message, remediation].every((one) => typeof one === 'string');
}
