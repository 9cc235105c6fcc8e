import { randomBytes } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { NextFunction, Request, Response } from 'express';
import type { BodyLimits } from '../requests/body-limits';
import { ApiError, toProblem } from './problem';

/** A socket of Node.js's HTTP server. `_httpMessage` is the response that is in progress; Node.js reads the same member. */
type HttpSocket = Socket & { readonly _httpMessage?: (ServerResponse & { readonly req: IncomingMessage }) | null };

/** An error of Node.js's HTTP parser. */
interface ParserError extends Error {
  readonly code?: string;
  readonly reason?: string;
}

/** How much of a refused request is read and discarded after the answer, so that the client receives the answer. */
type Rest = Pick<BodyLimits, 'discard' | 'discardTime'>;

/**
 * Answers requests that the HTTP parser refuses with a problem document, and closes their connections. Node.js would answer without a body.
 * These requests reach neither Express nor NestJS.
 */
export function answerMalformed(server: Server, rest: Rest, publicUrl: () => string): void {
  const refused = new WeakSet<Socket>();
  server.on('clientError', (error: ParserError, socket: HttpSocket) => {
    // The parser reports an error for each further part that arrives.
    if (refused.has(socket)) return;
    refused.add(socket);
    discardRest(socket, rest.discard);
    afterAnswers(socket, (inBody) => refuse(socket, problemOf(error, inBody), rest, publicUrl()));
  });
  // CONNECT has no path, so no route can refuse it.
  server.on('connect', (_request, socket) => {
    const detail = 'the server is no proxy: it does not support CONNECT';
    discardRest(socket as Socket, rest.discard);
    refuse(socket as Socket, new ApiError('REQUEST_MALFORMED', detail), rest, publicUrl());
  });
}

/**
 * Calls `refuseNow` when the earlier requests of the connection are answered: their answers may say what was done, and another answer would be
 * taken for theirs. `inBody`: the refused request has headers that were accepted.
 */
function afterAnswers(socket: HttpSocket, refuseNow: (inBody: boolean) => void): void {
  const response = socket._httpMessage ?? null;
  if (!socket.writable) socket.destroy();
  else if (response !== null && (response.headersSent || response.req.complete))
    response.once('close', () => afterAnswers(socket, refuseNow));
  else refuseNow(response !== null);
}

/** Discards what still arrives on a connection, and closes the connection after `most` bytes. */
function discardRest(socket: Socket, most: number): void {
  let size = 0;
  socket
    .removeAllListeners('data')
    .on('error', () => undefined)
    .on('data', (part: Buffer) => {
      size += part.length;
      if (size > most) socket.destroy();
    })
    .resume();
}

/** Refuses a request without Host, or with several, which a proxy could read differently (RFC 9112 section 3.2). */
export function refuseWithoutHost(request: Request, _response: Response, next: NextFunction): void {
  const hosts = request.headersDistinct['host']?.length ?? 0;
  if (hosts === 1 || (hosts === 0 && request.httpVersion === '1.0')) return next();
  const detail = hosts === 0 ? 'the request has no Host header' : 'the request has more than one Host header';
  next(new ApiError('REQUEST_MALFORMED', detail, [], { Connection: 'close' }));
}

/** `inBody`: the headers of the request were accepted. */
function problemOf({ code, reason }: ParserError, inBody: boolean): ApiError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('HEADERS_TOO_LARGE', 'the request line and the headers exceed the limit of the server');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ApiError('BODY_TOO_LARGE', 'the chunk extensions of the body exceed the limit of 16 KiB');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return inBody
        ? new ApiError('BODY_TIMEOUT', 'the body was not received in time')
        : new ApiError('HEADERS_TIMEOUT', 'the headers were not received in time');
    default:
      return new ApiError('REQUEST_MALFORMED', `the request is not valid HTTP${reason ? `: ${reason}` : ''}`);
  }
}

function refuse(socket: Socket, error: ApiError, { discardTime }: Rest, publicUrl: string): void {
  const traceId = randomBytes(16).toString('hex');
  const problem = toProblem(error, { publicUrl, traceId, instance: '/' });
  const text = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Referrer-Policy: no-referrer',
    ...(problem.retryable ? ['Retry-After: 1'] : []),
    'Connection: close',
  ];
  const timer = setTimeout(() => socket.destroy(), discardTime).unref();
  socket.once('close', () => clearTimeout(timer)).end(`${head.join('\r\n')}\r\n\r\n${text}`);
}
