import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Scope } from '@taskrunner/core/foundation';
import type { Response } from 'express';
import type { RequestLimits } from '../configuration';
import { ApiError } from '../problems/problem';
import { callerKey, type AuthenticatedRequest, type Caller } from './caller';
import { RateLimiter } from './rate-limiter';
import { withinTenant } from './read-claims';
import { TokenVerifier } from './token-verifier';

/** A route's requirements for its caller. */
export interface Access {
  /** One of these scopes is required; empty: every caller may call it. */
  readonly scopes: readonly Scope[];
  readonly limit: Exclude<keyof RequestLimits, 'refusedDecisions' | 'refusedTokens'>;
  /** True if a token that is bound to one decision is accepted. */
  readonly takesBound: boolean;
}

const ACCESS = 'taskrunner:access';
export const PUBLIC = 'public';
/** Declares a route's requirements for its caller; `PUBLIC`: none. A route without either declaration is not reachable. */
export const RequireAccess = (access: Access | typeof PUBLIC) => SetMetadata(ACCESS, access);

/** Limits by name, as configured: an injection token. */
export abstract class Limits {
  abstract readonly of: RequestLimits;
}

/** Authenticates, authorises and limits every request. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
    private readonly limiter: RateLimiter,
    private readonly limits: Limits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Access | typeof PUBLIC | undefined>(ACCESS, context.getHandler());
    if (access === PUBLIC) return true;
    if (!access) throw new TypeError(`${context.getHandler().name} does not say whom it is for`);
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    const caller = await this.authenticate(request, http.getResponse<Response>());
    if (caller.bound && !access.takesBound) {
      const challenge = 'Bearer realm="taskrunner", error="invalid_token", error_description="bound to one decision"';
      throw new ApiError('TOKEN_BOUND', 'the token is bound to one decision', [], { 'WWW-Authenticate': challenge });
    }
    const { scopes } = caller.principal;
    if (access.scopes.length > 0 && !access.scopes.some((scope) => scopes.includes(scope))) {
      const challenge = `Bearer realm="taskrunner", error="insufficient_scope", scope="${access.scopes.join(' ')}"`;
      const detail = `the token lacks the scope ${access.scopes.join(' or ')}`;
      throw new ApiError('SCOPE_MISSING', detail, [], { 'WWW-Authenticate': challenge });
    }
    const most = this.limits.of[access.limit];
    refuseAfter(this.limiter.take(callerKey(access.limit, caller.principal), most), access.limit, most);
    request.caller = caller;
    return true;
  }

  /** Only failed requests are limited by address, because behind a proxy all callers have the same one. */
  private async authenticate(request: AuthenticatedRequest, response: Response): Promise<Caller> {
    try {
      const caller = await this.verifier.callerOf(request, response);
      // Set here, so that the caller is known for the refusals below too.
      request.caller = caller;
      return withinTenant(caller, [request.get('x-stellaops-tenant'), request.get('x-stella-tenant')]);
    } catch (error) {
      const { refusedTokens } = this.limits.of;
      const seconds = this.limiter.take(`token ${request.socket.remoteAddress ?? ''}`, refusedTokens);
      refuseAfter(seconds, 'refusedTokens', refusedTokens);
      throw error;
    }
  }
}

/** Throws `RATE_LIMITED` if there is a waiting time, in seconds. The detail names the limit, its window, and its key of the configuration. */
export function refuseAfter(seconds: number, limit: keyof RequestLimits, most: number): void {
  if (seconds <= 0) return;
  const detail = `${most} ${LIMITED[limit]} (http.limits.${limit})`;
  throw new ApiError('RATE_LIMITED', `the limit is ${detail}`, [], { 'Retry-After': String(seconds) });
}

/** What each limit of `http.limits` counts, and its window. */
export const LIMITED: Readonly<Record<keyof RequestLimits, string>> = {
  submit: 'submissions and changes a second for each person in a tenant',
  plan: 'requests for plans a second for each person in a tenant',
  decide: 'decisions a second for each person in a tenant',
  stream: 'streams opened a second for each person in a tenant',
  download: 'downloads a second for each person in a tenant',
  read: 'reading requests a second for each person in a tenant',
  refusedDecisions: 'refused decisions a minute for each person in a tenant',
  refusedTokens: 'requests without a valid token a second for each address',
};
