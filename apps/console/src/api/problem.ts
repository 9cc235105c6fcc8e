import { ApiProblem, ClientError, isTemporary, type Fault } from '@taskrunner/client';
import { NotSent } from './not-sent';

/** What is wrong in a request, and where; the place in a text is known only if a text was sent. */
export type RequestFault = Pick<Fault, 'code' | 'path' | 'message' | 'remediation'> &
  Partial<Pick<Fault, 'line' | 'column' | 'file'>>;

/** What a person reads of a request that failed. */
interface FailureText {
  readonly code: string;
  readonly message: string;
  /** What to do; null: the server does not say. */
  readonly remediation: string | null;
  /** What is wrong in the request, each with its place. */
  readonly faults: readonly RequestFault[];
}

/** What a person reads of an error of the API or of the connection; null: it is another error. */
export function failureText(error: unknown): FailureText | null {
  if (ApiProblem.is(error)) {
    const { code, detail, remediation, errors } = error;
    return { code, message: detail, remediation, faults: errors };
  }
  if (NotSent.is(error))
    return { code: error.code, message: error.message, remediation: error.remediation, faults: [] };
  if (!ClientError.is(error)) return null;
  const { code } = error;
  if (code === 'CLIENT_SERVER_UNREACHABLE') {
    const remediation = 'Check the connection. The console tries again.';
    return { code, message: 'The server cannot be reached.', remediation, faults: [] };
  }
  return { code, message: error.message.slice(code.length + 2), remediation: error.remediation, faults: [] };
}

/** The text of any error. */
export function messageOf(error: unknown): string {
  return failureText(error)?.message ?? (error instanceof Error ? error.message : String(error));
}

/** True if the server says that there is no such thing. */
export function isAbsent(error: unknown): boolean {
  return ApiProblem.is(error) && error.status === 404;
}

/** True if the server answers with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return ApiProblem.is(error) && error.code === code;
}

/** Codes of answers without a problem, by which a proxy says that the server behind it does not answer. */
const OF_PROXY: ReadonlySet<string> = new Set(['HTTP_502', 'HTTP_503', 'HTTP_504']);

/** True if no answer of the server came, or not all of it. */
export function isUnreached(error: unknown): boolean {
  if (ApiProblem.is(error)) return OF_PROXY.has(error.code);
  return ClientError.is(error) && error.code === 'CLIENT_SERVER_UNREACHABLE';
}

/** True if another try cannot mend a request. */
export function isFinal(error: unknown): boolean {
  return failureText(error) !== null && !isTemporary(error);
}
