import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { OpenAPIObject } from '@nestjs/swagger';
import {
  DATABASE_PLACE,
  listenOn,
  OpenedParts,
  type Configuration,
  type DatabasePlace,
} from '@taskrunner/infrastructure/modules';
import type { NextFunction, Request, Response } from 'express';
import { ApiAdapter } from './api-adapter';
import { HttpSettings } from './configuration';
import { Departure } from './departure';
import { HealthServer } from './health/health-server';
import { listeningUrl } from './listening-url';
import { NestLog } from './nest-log';
import { Observability } from './observability';
import { openApiDocument, serveDocument } from './openapi/document';
import { answerMalformed, refuseWithoutHost } from './problems/malformed-requests';
import { PublicUrl } from './public-url';
import { sendAllowedMethods } from './requests/allowed-methods';
import { bodyDeadline } from './requests/body-deadline';
import { compressed } from './requests/compressed';
import { corsOptions } from './requests/cors';
import { refuseNulInUrl, refuseUndecodableUrl } from './requests/nul';
import { VERSION } from './version';
import { WebserviceModule, type WebserviceOptions } from './webservice.module';

/** A listening webservice. */
export interface RunningWebservice {
  /** Address of the API. */
  readonly url: string;
  /** Address of the health port. */
  readonly health: string;
  /** Resolves if the database was in a folder of this process and its server has ended for good. Nothing can be stored from then on: stop. */
  readonly databaseLost: Promise<void>;
  /**
   * Fails readiness and continues to answer for `http.lameDuck`. Then it accepts no more connections, ends streams with a hint where to
   * resume, waits up to `http.drain` for requests, and closes everything. The health port answers until the end.
   */
  readonly stop: () => Promise<void>;
}

const PUBLISHED = '/v1/task-runner/';
/** Interval of checking for timed-out connections, milliseconds. */
const LOOK_MS = 1_000;

/** Composes a webservice and starts it: the API, and health on its own port. Rejects with the fault and its remedy. */
export async function createWebservice(
  configuration: Configuration,
  options: Omit<WebserviceOptions, 'configuration'> = {},
): Promise<RunningWebservice> {
  const logger = new NestLog();
  const opened = new OpenedParts();
  const root = WebserviceModule.forRoot({ ...options, configuration });
  const creating = NestFactory.create<NestExpressApplication>(root, apiAdapter(configuration), {
    bodyParser: false,
    logger,
    // The caller gets the reason if it does not start, and decides what follows.
    abortOnError: false,
    instrument: { instanceDecorator: opened.watch },
  });
  const app = await creating.catch(async (error: unknown) => {
    await opened.abandon();
    throw error;
  });
  return startWebservice(app, logger, options);
}

/**
 * The OpenAPI document that a webservice serves at `/openapi.json`. No provider is made, so nothing is opened: neither a database nor a
 * port.
 */
export async function apiDocument(configuration: Configuration): Promise<OpenAPIObject> {
  const preview = { preview: true, logger: false, abortOnError: false } as const;
  const root = WebserviceModule.forRoot({ configuration });
  return openApiDocument(await NestFactory.create(root, apiAdapter(configuration), preview), VERSION);
}

/** The HTTP server of the API, with its time limits. */
export function apiAdapter({ http, artifacts }: Configuration): ApiAdapter {
  return new ApiAdapter({
    keepAliveTimeout: http.keepAlive,
    headersTimeout: http.headersTimeout,
    requestTimeout: artifacts.uploads.timeout,
    connectionsCheckingInterval: LOOK_MS,
  });
}

/** Starts an application made of `WebserviceModule` with `apiAdapter` and without NestJS's body parser. */
export async function startWebservice(
  app: NestExpressApplication,
  logger: NestLog = new NestLog(),
  { hasDocumentation = true }: Pick<WebserviceOptions, 'hasDocumentation'> = {},
): Promise<RunningWebservice> {
  const observability = app.get(Observability);
  logger.sayTo(observability.log);
  app.useLogger(logger);
  try {
    return await listen(app, observability, hasDocumentation);
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function listen(
  app: NestExpressApplication,
  observability: Observability,
  hasDocumentation: boolean,
): Promise<RunningWebservice> {
  const { host, port, healthPort, socket, bodies, bodyTimeout, cors } = app.get(HttpSettings);
  const crossOrigin = corsOptions(cors);
  answerMalformed(app.getHttpServer(), bodies, () => String(app.get(PublicUrl)));
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(observability.watch);
  app.use(app.get(Departure).watch);
  app.use(bodyDeadline(bodyTimeout));
  app.use(publishedPaths);
  app.use(safeHeaders);
  if (crossOrigin) app.enableCors(crossOrigin);
  app.use(refuseWithoutHost);
  app.use(refuseUndecodableUrl);
  app.use(refuseNulInUrl);
  app.use(sendAllowedMethods);
  app.use(compressed());
  if (hasDocumentation) await serveDocument(app, VERSION);
  await listenOn(app, socket === null ? { key: 'http.port', host, port } : { key: 'http.socket', path: socket });
  const url = listeningUrl(app.getHttpServer(), host);
  // Links of a socket name no port, because there is none.
  app.get(PublicUrl).listening(socket === null ? url : 'http://localhost');
  const healthServer = app.get(HealthServer);
  const health = await listenOn(
    healthServer,
    socket === null
      ? { key: 'http.healthPort', host, port: healthPort }
      : { key: 'http.socket', path: `${socket}.health` },
  );
  let stopped: Promise<void> | null = null;
  const { lost: databaseLost } = app.get<DatabasePlace>(DATABASE_PLACE);
  return { url, health, databaseLost, stop: () => (stopped ??= app.close()) };
}

/** The published paths are aliases of ours. */
function publishedPaths(request: Request, _response: Response, next: NextFunction): void {
  if (request.url.startsWith(PUBLISHED)) request.url = `/api/${request.url.slice(PUBLISHED.length)}`;
  next();
}

function safeHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  next();
}
