import { Controller, Get, Header, Inject } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
  type HealthCheckResult,
} from '@nestjs/terminus';

interface Answer {
  readonly ready: boolean;
  readonly reason: string | null;
}

/** Dependencies without which a service is not ready. */
export abstract class Readiness {
  /** True if the database answers and has room for new rows. */
  abstract ready(): Promise<Answer>;
  /** True if the object store stores what is written. */
  abstract objects(): Promise<Answer>;
}

/** All metrics of this process, in the Prometheus text format. */
export abstract class MetricsExporter {
  abstract text(): Promise<string>;
}

/** Liveness: the process runs. Readiness: also the database answers, and the object store stores what is written. */
@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicator: HealthIndicatorService,
    @Inject(Readiness) private readonly readiness: Readiness,
  ) {}

  @Get('live')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  // Without the documentation, which would load the OpenAPI library if it is installed.
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  ready(): Promise<HealthCheckResult> {
    return this.health.check([
      this.indicatorOf('database', () => this.readiness.ready().catch(() => ({ ready: false, reason: 'no answer' }))),
      this.indicatorOf('objects', () => this.readiness.objects()),
    ]);
  }

  private indicatorOf(name: string, ask: () => Promise<Answer>) {
    return async () => {
      const check = this.indicator.check(name);
      const { ready, reason } = await ask();
      return ready ? check.up() : check.down({ reason });
    };
  }
}

@Controller('metrics')
class MetricsController {
  constructor(@Inject(MetricsExporter) private readonly exporter: MetricsExporter) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
    return this.exporter.text();
  }
}

/**
 * Imports and controllers of a module that provides `Readiness` and `MetricsExporter`: `/health/live`, `/health/ready` and `/metrics`. They
 * are served on a separate port, which callers of the API cannot reach.
 */
export const HEALTH_ROUTES = {
  imports: [TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: 0 })],
  controllers: [HealthController, MetricsController],
};
