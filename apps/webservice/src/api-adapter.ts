import { createServer, IncomingMessage, ServerResponse, type Server, type ServerOptions } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Express } from 'express';
import { delayContinue } from './continue';

/**
 * Express on a server with time limits. Node.js reads the interval for checking timeouts when the server is created, so Nest cannot set it
 * later.
 */
export class ApiAdapter extends ExpressAdapter {
  constructor(private readonly times: ServerOptions) {
    super(strictExpress());
  }

  override initHttpServer(): void {
    // Without a Host header, Node.js would answer without a body: `refuseWithoutHost` answers instead.
    const app = this.getInstance<Express>();
    const server: Server = createServer({ ...this.times, requireHostHeader: false, ...messagesOf(app) }, app);
    // Node.js would answer other expectations than `100-continue` without a body. They may be ignored (RFC 9110 section 10.1.1).
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    delayContinue(server);
    this.httpServer = server;
  }
}

/**
 * Classes of the messages of an application. Express replaces the prototypes of each request and of its response. V8 then gives each of them hidden
 * classes of its own, for each member that is added, and everything that reads them is slow. If they have these prototypes from the
 * beginning, there is nothing to replace.
 */
function messagesOf(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class ApiRequest extends IncomingMessage {}
  class ApiResponse extends ServerResponse {}
  Object.setPrototypeOf(ApiRequest.prototype, app.request as object);
  Object.setPrototypeOf(ApiResponse.prototype, app.response as object);
  Object.assign(app, { request: ApiRequest.prototype, response: ApiResponse.prototype });
  return { IncomingMessage: ApiRequest, ServerResponse: ApiResponse } as never;
}

/**
 * Express that distinguishes `/api/runs/` from `/api/runs`, and `/API/runs` too: a client that lost the id at the end of a path must not get the
 * list above it, and rules of a proxy for a path hold for all spellings that are answered. The settings hold only before the first use of the
 * application.
 */
function strictExpress(): Express {
  return express().set('strict routing', true).set('case sensitive routing', true);
}
