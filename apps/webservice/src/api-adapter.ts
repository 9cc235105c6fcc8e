import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Express } from 'express';

/**
 * Express on a server with time limits. Node.js reads the interval for checking timeouts when the server is created, so Nest cannot set it
 * later.
 */
export class ApiAdapter extends ExpressAdapter {
  constructor(private readonly times: ServerOptions) {
    super(strictExpress());
  }

  override initHttpServer(): void {
    this.httpServer = createServer(this.times, this.getInstance<RequestListener>());
  }
}

/**
 * Express that distinguishes `/api/runs/` from `/api/runs`: a client that lost the id at the end of a path must not get the list above it. The
 * setting holds only before the first use of the application.
 */
function strictExpress(): Express {
  return express().set('strict routing', true);
}
