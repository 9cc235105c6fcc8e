import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';

/** Services that a worker depends on. */
export abstract class Readiness {
  /** Whether the database answers and has partitions for the coming days. */
  abstract ready(): Promise<{ readonly ready: boolean; readonly reason: string | null }>;
  /** Whether the object store accepts writes. */
  abstract objects(): Promise<{ readonly ready: boolean; readonly reason: string | null }>;
}

/** Liveness reports that the process runs; readiness also that its database answers and its object store accepts writes. */
@Controller('health')
export class HealthController {
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
  // Excluded from the OpenAPI documentation, which would load the OpenAPI library if it is installed.
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  ready(): Promise<HealthCheckResult> {
    return this.health.check([
      async () => {
        const check = this.indicator.check('database');
        const { ready, reason } = await this.readiness.ready().catch(() => ({ ready: false, reason: 'no answer' }));
        return ready ? check.up() : check.down({ reason });
      },
      async () => {
        const check = this.indicator.check('objects');
        const { ready, reason } = await this.readiness.objects();
        return ready ? check.up() : check.down({ reason });
      },
    ]);
  }
}
