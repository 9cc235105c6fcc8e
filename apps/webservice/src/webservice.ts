import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiAdapter } from './api-adapter';
import { AppModule } from './app.module';
import type { WebserviceConfiguration } from './configuration';
import { Departure } from './departure';
import { HealthModule } from './health/health.module';
import type { OpenInfrastructure } from './infrastructure.module';
import { NestLog } from './nest-log';
import { openApiDocument } from './openapi/document';
import { PublicUrl } from './public-url';
import { tellMethods } from './requests/allowed-methods';
import { bodyDeadline } from './requests/body-deadline';
import { bodyThreads } from './requests/body-threads.module';
import { compressed } from './requests/compressed';
import { refuseNulInUrl } from './requests/nul';
import { VERSION } from './version';

/** A webservice that listens. */
export interface RunningWebservice {
  /** Of the API. */
  readonly url: string;
  /** Of health. */
  readonly health: string;
  /**
   * Fails readiness, answers for `http.lameDuck` longer, then takes no more connections, ends streams with a hint where to go on, lets
   * requests end for `http.drain`, and closes everything. Health is there until the end.
   */
  stop(): Promise<void>;
}

const PUBLISHED = '/v1/task-runner/';
/** How often the server looks for connections that are late, milliseconds. */
const LOOK_MS = 1_000;

/** Starts the API, and health on its own port. */
export async function startWebservice(
  configuration: WebserviceConfiguration,
  infrastructure: OpenInfrastructure,
): Promise<RunningWebservice> {
  const { observability } = infrastructure;
  const logger = new NestLog(observability.log);
  const { host, port, healthPort, keepAlive, headersTimeout, bodyTimeout, lameDuck, drain } = configuration.http;
  const departure = new Departure();
  const bodies = bodyThreads({ ...configuration.http.bodies, largest: configuration.http.bodyLimit });
  const module = AppModule.of(configuration, infrastructure, bodies);
  const times = {
    keepAliveTimeout: keepAlive,
    headersTimeout,
    requestTimeout: configuration.uploads.timeout,
    connectionsCheckingInterval: LOOK_MS,
  };
  const app = await NestFactory.create<NestExpressApplication>(module, new ApiAdapter(times), {
    bodyParser: false,
    logger,
  });
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(observability.watch);
  app.use(departure.watch);
  app.use(bodyDeadline(bodyTimeout));
  app.use(publishedPaths);
  app.use(safeHeaders);
  app.use(refuseNulInUrl);
  app.use(tellMethods);
  app.use(compressed());
  // Made when somebody first asks for it.
  SwaggerModule.setup('docs', app, () => openApiDocument(app, VERSION), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
  await app.listen(port, host);
  const server = app.getHttpServer();
  const url = urlOf(server, host);
  app.get(PublicUrl).listening(url);
  const health = await NestFactory.create<NestExpressApplication>(
    HealthModule.of(
      {
        ready: () => departure.readiness(() => infrastructure.readiness()),
        objects: () => infrastructure.objectsReadiness(),
      },
      { text: () => observability.exposition() },
    ),
    new ExpressAdapter(),
    { logger },
  );
  health.disable('x-powered-by');
  await health.listen(healthPort, host);
  const leave = async (): Promise<void> => {
    departure.begin();
    observability.log.say('info', 'webservice.stopping', { lameDuckMs: lameDuck, drainMs: drain });
    await delay(lameDuck);
    await closeGently(app, server, drain, () =>
      observability.log.say('warn', 'webservice.cut-off', { drainMs: drain }),
    );
    await health.close();
    await bodies.close();
    await infrastructure.close();
  };
  let left: Promise<void> | null = null;
  return { url, health: urlOf(health.getHttpServer(), host), stop: () => (left ??= leave()) };
}

/** The published paths are other names of ours. */
function publishedPaths(request: Request, _response: Response, next: NextFunction): void {
  if (request.url.startsWith(PUBLISHED)) request.url = `/api/${request.url.slice(PUBLISHED.length)}`;
  next();
}

function safeHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  next();
}

/**
 * Requests under way end by themselves, streams were told; connections that then are idle would hold the process. What has not ended
 * after `drainMs` is cut off.
 */
async function closeGently(app: INestApplication, server: Server, drainMs: number, onCut: () => void): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => {
    onCut();
    server.closeAllConnections();
  }, drainMs);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
