import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '@taskrunner/core/foundation';
import type { BoundToken } from '@taskrunner/core/operations';
import type { Request } from 'express';

/** The caller of a request: the principal, and further properties of its token. */
export interface Caller {
  readonly principal: Principal;
  /** Every tenant of the token; the principal's is the one of this request. */
  readonly tenants: readonly string[];
  /** Expiry of the token, milliseconds since the epoch. Streams end with it. */
  readonly expiresAt: number;
  /** The decision to which the token is bound; null for ordinary tokens. */
  readonly bound: BoundToken | null;
}

/**
 * The rate limit key of a caller in its tenant. An actor (RFC 8693 §4.1) is counted separately: it does not use the limit of the person,
 * and a program that acts for many people has a full limit for each of them.
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
