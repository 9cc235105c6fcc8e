import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { readQuery } from './query';

const TAKES_QUERY = 'taskrunner:takes-query';
/** Declares whether a route has query parameters. */
export const TakesQuery = (takes: boolean) => SetMetadata(TAKES_QUERY, takes);

/**
 * Refuses a query to a route without query parameters, because a parameter that is ignored silently has no effect that its sender can see.
 * Routes with parameters refuse unknown ones with `readQuery`, together with all other faults of the query.
 */
@Injectable()
export class KnownParametersGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const takes = this.reflector.get<boolean | undefined>(TAKES_QUERY, context.getHandler());
    if (takes === false) readQuery(context.switchToHttp().getRequest<Request>(), {});
    return true;
  }
}
