import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '@taskrunner/core/foundation';
import type { BoundToken } from '@taskrunner/core/operations';
import type { Request } from 'express';

/** Who makes a request: the principal, and what of its token matters beyond it. */
export interface Caller {
  readonly principal: Principal;
  /** Every tenant of the token; the principal's is the one of this request. */
  readonly tenants: readonly string[];
  /** When the token ends, milliseconds since the epoch: a stream ends then too. */
  readonly expiresAt: number;
  /** What the token is bound to; null for ordinary ones. */
  readonly bound: BoundToken | null;
}

/**
 * The key of what is counted for a caller in its tenant. Whoever acts for somebody (RFC 8693 §4.1) is counted apart: it uses up nothing of theirs,
 * and a program that acts for many has for each of them as much as they have themselves.
 */
export function callerKey(what: string, { tenant, iss, sub, actors }: Principal): string {
  return [what, tenant, iss, sub, ...actors.flatMap((actor) => [actor.iss, actor.sub])].join(' ');
}

/** A request behind the guard. */
export interface AuthenticatedRequest extends Request {
  caller?: Caller;
}

/** The caller of an authenticated request. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!caller) throw new TypeError('this route has no caller: it is public');
  return caller;
});
