import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ApiError } from '../problems/problem';

const PRODUCES = 'taskrunner:produces';
/** For a route whose responses have the stored media type. */
export const ANY_TYPE = '*/*';
/** The media types of a route's responses. */
export const Produces = (types: readonly string[]) => SetMetadata(PRODUCES, types);

/**
 * Refuses a request that accepts none of the route's media types (RFC 9110 §15.5.7). Without `Accept` everything is accepted. Problems are
 * sent in any case.
 */
@Injectable()
export class AcceptableGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const types = this.reflector.get<readonly string[] | undefined>(PRODUCES, context.getHandler()) ?? [];
    const request = context.switchToHttp().getRequest<Request>();
    if (types.length === 0 || types.includes(ANY_TYPE) || request.accepts([...types]) !== false) return true;
    throw new ApiError('NOT_ACCEPTABLE', `the response is available as ${[...new Set(types)].join(' or ')}`);
  }
}
