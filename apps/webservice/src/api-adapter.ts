import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
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
    const options = { ...this.times, requireHostHeader: false };
    const server: Server = createServer(options, this.getInstance<RequestListener>());
    // Node.js would answer other expectations than `100-continue` without a body. They may be ignored (RFC 9110 section 10.1.1).
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    delayContinue(server);
    this.httpServer = server;
  }
}

/**
 * Express that distinguishes `/api/runs/` from `/api/runs`, and `/API/runs` too: a client that lost the id at the end of a path must not get the
 * list above it, and rules of a proxy for a path hold for all spellings that are answered. The settings hold only before the first use of the
 * application.
 */
function strictExpress(): Express {
  return express().set('strict routing', true).set('case sensitive routing', true);
}
