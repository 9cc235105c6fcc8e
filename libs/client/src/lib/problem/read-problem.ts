import type { Fault, Problem } from '../api/types';
import { ApiProblem } from './api-problem';

const TEXTS: ReadonlySet<string> = new Set(['type', 'title', 'code', 'detail', 'remediation', 'traceId', 'instance']);

type Members = Readonly<Record<string, unknown>>;

/** Reads a response with status 400 or above. A proxy may have sent it, so each member is validated. Never throws. */
export async function readProblem(response: Response): Promise<ApiProblem> {
  const text = await response.text().catch(() => '');
  return new ApiProblem(response.status, documentIn(text), retryAfter(response.headers.get('retry-after')));
}

/** The members of the response that have the type of the document. Members of certain codes, such as `receipt`, are not validated. */
function documentIn(text: string): Partial<Problem> {
  const { status: _status, errors, ...rest } = membersIn(text);
  const isRight = ([name, value]: readonly [string, unknown]): boolean =>
    !TEXTS.has(name) ? name !== 'retryable' || typeof value === 'boolean' : typeof value === 'string';
  return {
    ...Object.fromEntries(Object.entries(rest).filter(isRight)),
    ...(Array.isArray(errors) ? { errors: errors.filter(isMembers).map(faultOf) } : {}),
  };
}

function membersIn(text: string): Members {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : {};
  } catch {
    return {};
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function faultOf(members: Members): Fault {
  const text = (name: string): string => (typeof members[name] === 'string' ? members[name] : '');
  const number = (name: string): number | null => (typeof members[name] === 'number' ? members[name] : null);
  const { aliases, file } = members;
  return {
    code: text('code'),
    path: text('path'),
    line: number('line'),
    column: number('column'),
    message: text('message'),
    remediation: text('remediation'),
    aliases: Array.isArray(aliases) ? aliases.map(String) : [],
    ...(typeof file === 'string' ? { file } : {}),
  };
}

/** Milliseconds of a `Retry-After` in seconds, the form that the server sends. */
function retryAfter(value: string | null): number | null {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : null;
}
