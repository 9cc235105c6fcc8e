import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { listeningUrl } from '../listening-url';

/** Health on a port of its own: nothing of it is reachable where callers are. It answers until the API is gone. */
export class HealthServer implements OnApplicationShutdown {
  private app: NestExpressApplication | null = null;

  constructor(private readonly routes: DynamicModule) {}

  /** Its address. `port`: a path is a unix socket. */
  async listen(port: number | string, host = ''): Promise<string> {
    const app = await NestFactory.create<NestExpressApplication>(this.routes, new ExpressAdapter(), {
      abortOnError: false,
    });
    this.app = app;
    app.disable('x-powered-by');
    await (typeof port === 'string' ? app.listen(port) : app.listen(port, host));
    return listeningUrl(app.getHttpServer(), host);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.app?.close();
  }
}
