import { createServer, IncomingMessage, ServerResponse, type Server, type ServerOptions } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Express, type Request, type Response } from 'express';
import { delayContinue } from './continue';

/**
 * Express on a server with time limits. Node.js reads the interval for checking timeouts when the server is created, so Nest cannot set it
 * later.
 */
export class ApiAdapter extends ExpressAdapter {
  private routeEnded: RouteEnded = () => undefined;

  constructor(private readonly times: ServerOptions) {
    super(strictExpress());
  }

  /** Is called when the route of a request with a body has ended, successfully or not. Its response may not be sent yet, or its client be gone. */
  whenRouteEnds(routeEnded: RouteEnded): void {
    this.routeEnded = routeEnded;
  }

  override post(...registration: Registration): unknown {
    return super.post(...this.watched(registration));
  }

  override put(...registration: Registration): unknown {
    return super.put(...this.watched(registration));
  }

  override patch(...registration: Registration): unknown {
    return super.patch(...this.watched(registration));
  }

  override delete(...registration: Registration): unknown {
    return super.delete(...this.watched(registration));
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

  /** Nest's handlers settle when their route has ended, or its failure has been answered. */
  private watched(registration: Registration): [unknown, RequestHandler] {
    const handler = registration.pop() as RequestHandler;
    const watched = async (request: Request, response: Response, next: () => void): Promise<void> => {
      try {
        await handler(request, response, next);
      } finally {
        this.routeEnded(request, response);
      }
    };
    return [...registration, watched] as [unknown, RequestHandler];
  }
}

/** What Nest passes for a route: its path, if there is one, and its handler. */
type Registration = [...path: unknown[], handler: unknown];
type RequestHandler = Parameters<HttpServer['post']>[1];
type RouteEnded = (request: Request, response: Response) => void;

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
