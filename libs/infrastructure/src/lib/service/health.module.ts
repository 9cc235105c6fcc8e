import { Controller, Get, Header, Inject } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
  type HealthCheckResult,
} from '@nestjs/terminus';
import type { PartReadiness, ReadinessParts } from './further-readiness';

/** What a service is not ready without. */
export abstract class Readiness {
  /** The parts by name, as `/health/ready` shows them: `database`, `objects`, and the service itself where it can be the cause. */
  abstract parts(): ReadinessParts;
}

/** All metrics of this process, in the Prometheus text format. */
export abstract class MetricsExporter {
  abstract text(): Promise<string>;
}

/** Liveness: the process runs. Readiness: also all of its parts are ready. */
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
    return this.health.check(Object.entries(this.readiness.parts()).map(([name, ask]) => this.indicatorOf(name, ask)));
  }

  private indicatorOf(name: string, ask: () => Promise<PartReadiness>) {
    return async () => {
      const check = this.indicator.check(name);
      const { ready, reason } = await ask().catch(() => ({ ready: false, reason: 'no answer' }));
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
