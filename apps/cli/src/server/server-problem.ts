import { BrandedError, isJsonObject, type Fault, type Json } from '@taskrunner/core/foundation';

/** An error of the server: RFC 9457 with our members. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remediation: string | null;
  readonly retryable: boolean;
  readonly traceId: string | null;
  readonly errors: readonly Fault[];
  /** The whole document. */
  readonly document: Json;
}

/** The server refused the request. */
export class ServerProblem extends BrandedError {
  static {
    this.brand('ServerProblem');
  }

  override readonly name = 'ServerProblem';

  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
  }
}

/** Parses a problem document, or the different answer of a proxy in between. Never throws. */
export function readProblem(status: number, text: string): Problem {
  let document: Json = null;
  try {
    document = JSON.parse(text) as Json;
  } catch {
    // Not a problem document of ours.
  }
  const members = isJsonObject(document) ? document : {};
  const textOf = (name: string): string | null => (typeof members[name] === 'string' ? members[name] : null);
  const errors = Array.isArray(members['errors']) ? (members['errors'] as readonly Json[]) : [];
  return {
    status,
    code: textOf('code') ?? `HTTP_${status}`,
    detail: textOf('detail') ?? textOf('title') ?? `the server responded with status ${status}`,
    remediation: textOf('remediation'),
    retryable: members['retryable'] === true,
    traceId: textOf('traceId'),
    errors: errors.flatMap(readFault),
    document,
  };
}

function readFault(value: Json): readonly Fault[] {
  if (!isJsonObject(value)) return [];
  const textOf = (name: string) => (typeof value[name] === 'string' ? value[name] : '');
  const numberOf = (name: string) => (typeof value[name] === 'number' ? value[name] : null);
  return [
    {
      code: textOf('code'),
      path: textOf('path'),
      line: numberOf('line'),
      column: numberOf('column'),
      message: textOf('message'),
      remediation: textOf('remediation'),
    },
  ];
}
