import type { NextFunction, Request, Response } from 'express';

const DEADLINES = new WeakMap<Request, AbortController>();

/**
 * Limits the time for the body of each request. Readers of the body are informed by `deadlineOf`. If nobody reads it, the connection is
 * closed with the response, or at once if that was already sent. `ms`: milliseconds.
 */
export function bodyDeadline(ms: number) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (request.complete || !hasBody(request)) return next();
    const deadline = new AbortController();
    const close = (): void => void request.socket.destroySoon();
    const timer = setTimeout(() => {
      if (deadline.signal.aborted) return;
      deadline.abort();
      if (response.writableFinished) return close();
      if (!response.headersSent) response.setHeader('Connection', 'close');
      response.once('finish', close);
    }, ms).unref();
    const done = (): void => clearTimeout(timer);
    request.once('end', done);
    deadline.signal.addEventListener('abort', done);
    DEADLINES.set(request, deadline);
    next();
  };
}

/** Aborts when the time for the request's body is over. */
export function deadlineOf(request: Request): AbortSignal | undefined {
  return DEADLINES.get(request)?.signal;
}

/** Extends the time for the body to the server's maximum (`artifacts.uploads.timeout`). */
export function liftDeadline(request: Request): void {
  DEADLINES.get(request)?.abort();
  DEADLINES.delete(request);
}

function hasBody(request: Request): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}
