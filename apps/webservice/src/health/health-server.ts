import { Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { TerminusModule } from '@nestjs/terminus';
import { listenOn } from '@taskrunner/infrastructure/modules';
import { listeningUrl } from '../listening-url';
import { HealthController, Readiness } from './health.controller';
import { MetricsExporter, MetricsController } from './metrics.controller';

/** The routes of the health port. It is an application of its own, so what they ask is handed over by the other one as it is. */
@Module({})
class HealthRoutesModule {
  static of(readiness: Readiness, exporter: MetricsExporter): DynamicModule {
    return {
      module: HealthRoutesModule,
      imports: [TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: 0 })],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: Readiness, useValue: readiness },
        { provide: MetricsExporter, useValue: exporter },
      ],
    };
  }
}

/** Health on a port of its own: nothing of it is reachable where callers are. It answers until the API is gone. */
@Injectable()
export class HealthServer implements OnApplicationShutdown {
  private app: NestExpressApplication | null = null;

  constructor(
    private readonly readiness: Readiness,
    private readonly exporter: MetricsExporter,
  ) {}

  /** Its address. */
  async listen(port: number, host: string): Promise<string> {
    const app = await NestFactory.create<NestExpressApplication>(
      HealthRoutesModule.of(this.readiness, this.exporter),
      new ExpressAdapter(),
      { abortOnError: false },
    );
    this.app = app;
    app.disable('x-powered-by');
    await listenOn(app, { key: 'http.healthPort', host, port });
    return listeningUrl(app.getHttpServer(), host);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.app?.close();
  }
}
