import type { NextFunction, Request, Response } from 'express';

const DEADLINES = new WeakMap<Request, AbortController>();

/**
 * Gives each request a time for its body to come in. Whoever reads the body hears of the end by `deadlineOf`; where nobody does, the connection
 * is closed with the answer, or at once if that was given. `ms`: milliseconds.
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

/** Aborts when the time of the request's body is over. */
export function deadlineOf(request: Request): AbortSignal | undefined {
  return DEADLINES.get(request)?.signal;
}

/** Lets the body take as long as the server allows at all (`artifacts.uploads.timeout`). */
export function liftDeadline(request: Request): void {
  DEADLINES.get(request)?.abort();
  DEADLINES.delete(request);
}

function hasBody(request: Request): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}
