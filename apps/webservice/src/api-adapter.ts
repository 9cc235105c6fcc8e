import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/**
 * Express on a server with time limits. Node.js reads the interval for checking timeouts when the server is created, so Nest cannot set it
 * later.
 */
export class ApiAdapter extends ExpressAdapter {
  constructor(private readonly times: ServerOptions) {
    super();
  }

  override initHttpServer(): void {
    this.httpServer = createServer(this.times, this.getInstance<RequestListener>());
  }
}
