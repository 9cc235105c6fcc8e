import { randomBytes } from 'node:crypto';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { isCodedError } from '@taskrunner/core/foundation';
import { DecisionError, PlanHashMismatch, ScheduleUnconfirmed } from '@taskrunner/core/operations';
import { isStoreOutage } from '@taskrunner/core/ports';
import { AuditChainAltered, DocumentAltered } from '@taskrunner/core/stored';
import type { Request, Response } from 'express';
import type { RefusalLoop } from '../audit/refusal-loop';
import type { AuthenticatedRequest } from '../auth/caller';
import type { Observability } from '../observability';
import type { PublicUrl } from '../public-url';
import type { AlteredDocuments } from './altered-documents';
import { allowedMethods } from '../requests/allowed-methods';
import type { RefusedBodies } from '../requests/refused-bodies';
import { ApiError, toProblem } from './problem';

/** The trace of a request: the caller's (W3C Trace Context), or a new one. */
function traceIdOf(request: Request): string {
  const supplied = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(request.get('traceparent') ?? '');
  return supplied?.[1] ?? randomBytes(16).toString('hex');
}

/** Converts every error into a problem document (RFC 9457). Internal errors are logged under the same trace id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly url: PublicUrl,
    private readonly observability: Pick<Observability, 'log' | 'traceId'>,
    /** Why the database is unavailable or busy; null for other errors. */
    private readonly outageOf: (error: unknown) => string | null,
    private readonly altered: Pick<AlteredDocuments, 'raise'>,
    private readonly refusals: Pick<RefusalLoop, 'add'>,
    private readonly bodies: Pick<RefusedBodies, 'discard'>,
  ) {}

  async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    // Also if nobody waits for the response any more.
    if (DocumentAltered.is(thrown) || AuditChainAltered.is(thrown)) await this.altered.raise(thrown);
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    // The caller has disconnected or was cut off, so there is nobody to answer. Node.js marks the response only after its connection is closed.
    if (response.destroyed || response.writableFinished || response.socket?.destroyed === true) return;
    const error = this.refusalOf(thrown, request);
    const traceId = this.observability.traceId() ?? traceIdOf(request);
    const instance = request.originalUrl.split('?', 1)[0] ?? '/';
    const problem = toProblem(error, { publicUrl: String(this.url), traceId, instance });
    // The watch over the object store has already logged its outage.
    if (isStoreOutage(thrown)) this.observability.log.say('info', 'request.failed', { code: problem.code, traceId });
    else if (problem.status >= 500)
      this.observability.log.say('error', 'request.failed', { code: problem.code, traceId, error: thrown });
    // Logs who was refused and why, without anything of the token.
    if (problem.status === 401 || problem.status === 403)
      this.observability.log.say('warn', 'request.refused', {
        ...{ code: problem.code, reason: problem.detail, traceId },
        ...{ method: request.method, path: instance, address: request.socket.remoteAddress ?? null },
      });
    // Refused decisions have separate entries, which include what was to be decided.
    if ((problem.status === 401 || problem.status === 403) && !DecisionError.is(error))
      this.refusals.add({
        caller: (request as AuthenticatedRequest).caller?.principal ?? null,
        ...{ status: problem.status, code: problem.code, reason: problem.detail },
        ...{ address: request.socket.remoteAddress ?? null, at: Date.now() },
      });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    for (const [name, value] of Object.entries(headersOf(error, problem.code))) response.setHeader(name, value);
    if (problem.retryable && !response.hasHeader('Retry-After')) response.setHeader('Retry-After', '1');
    // The body reader discards the rest of a body if the connection can be kept. Connections of unknown callers are not kept.
    const isRestUnread = !request.complete && problem.code !== 'BODIES_BUSY';
    if (problem.status === 401 || isRestUnread) response.setHeader('Connection', 'close');
    const text = JSON.stringify({ ...problem, ...membersOf(error) });
    response.status(problem.status).setHeader('Cache-Control', 'no-store').type('application/problem+json');
    if (isRestUnread) await this.answerBeforeRest(request, response, text);
    else response.send(text);
  }

  /** The response is complete for the client before its end, which closes the connection. */
  private async answerBeforeRest(request: Request, response: Response, text: string): Promise<void> {
    // A compressed response would end with its end.
    response.setHeader('Cache-Control', 'no-store, no-transform').setHeader('Content-Length', Buffer.byteLength(text));
    response.flushHeaders();
    response.write(text);
    await this.bodies.discard(request);
    response.end();
  }

  private refusalOf(thrown: unknown, request: Request): unknown {
    if (thrown instanceof HttpException) return fromNest(thrown, request);
    const outage = isCodedError(thrown) ? null : this.outageOf(thrown);
    return outage === null ? thrown : new ApiError('DATABASE_UNAVAILABLE', outage);
  }
}

/** Additional members of some problems. */
function membersOf(error: unknown): object {
  if (PlanHashMismatch.is(error)) return { planHash: error.planHash, receipt: error.receipt };
  return ScheduleUnconfirmed.is(error) ? error.found : {};
}

/** Nest itself throws only for unknown routes and malformed URLs. */
function fromNest(error: HttpException, request: Request): unknown {
  const status = error.getStatus();
  const methods = status === 404 ? allowedMethods(request) : [];
  if (methods.length > 0)
    return new ApiError('METHOD_NOT_ALLOWED', `the route does not support ${request.method}`, [], {
      Allow: methods.join(', '),
    });
  if (status === 404) return new ApiError('ROUTE_NOT_FOUND', 'the route does not exist');
  if (status === 400) return new ApiError('BODY_UNREADABLE', 'the request cannot be read');
  return error;
}

function headersOf(error: unknown, code: string): Readonly<Record<string, string>> {
  if (ApiError.is(error)) return error.headers;
  if (DecisionError.is(error) && code === 'GATE_AUTH_TOO_OLD') {
    // RFC 9470 §3
    const challenge = `Bearer error="insufficient_user_authentication", error_description="${error.message}"`;
    return { 'WWW-Authenticate': `${challenge}, max_age="${error.maxAgeSeconds ?? 0}"` };
  }
  return {};
}
