import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AlteredRuns, LogStore, RunReader } from '@taskrunner/core';
import { ArtifactsController } from './artifacts/artifacts.controller';
import { AuditController } from './audit/audit.controller';
import { CheckpointLoop } from './audit/checkpoint-loop';
import { REFUSALS, RefusalLoop } from './audit/refusal-loop';
import { AuthGuard, Limits } from './auth/auth.guard';
import { MeController } from './auth/me.controller';
import { RateLimiter } from './auth/rate-limiter';
import { TokenVerifier } from './auth/token-verifier';
import type { WebserviceConfiguration } from './configuration';
import { EvidenceController } from './evidence/evidence.controller';
import { AttentionController } from './gates/attention.controller';
import { GatesController } from './gates/gates.controller';
import type { OpenInfrastructure } from './infrastructure.module';
import { LogsController, READER_STALL } from './logs/logs.controller';
import { OpenStreams } from './logs/open-streams';
import { SharedLogs } from './logs/shared-logs';
import { PackIntake } from './packs/pack-intake';
import { PacksController } from './packs/packs.controller';
import { PACK_LIMITS, PackSources } from './plans/pack-sources';
import { PacksToPlan } from './plans/packs-to-plan';
import { ComparisonController } from './plans/comparison.controller';
import { PlansController, SETTING } from './plans/plans.controller';
import { SchemasController } from './packs/schemas.controller';
import { ErrorsController } from './problems/errors.controller';
import { AlteredDocuments } from './problems/altered-documents';
import { ProblemFilter } from './problems/problem.filter';
import { PublicUrl } from './public-url';
import { AcceptableGuard } from './requests/acceptable.guard';
import { BodyReader, BodyRelease } from './requests/body-reader';
import type { BodyThreads } from './requests/body-work';
import { RunTails } from './runs/run-tails';
import { RerunController } from './runs/rerun.controller';
import { RunsController } from './runs/runs.controller';
import { StepsController } from './runs/steps.controller';
import { SchedulesController } from './schedules/schedules.controller';
import { SCHEDULER } from './schedules/scheduler-setting';
import { TickLoop } from './schedules/tick-loop';
import { UploadsController } from './uploads/uploads.controller';

/** The HTTP API. */
@Module({})
export class AppModule {
  /** `bodies`: threads that read large bodies. */
  static of(
    configuration: WebserviceConfiguration,
    infrastructure: OpenInfrastructure,
    bodies: BodyThreads,
  ): DynamicModule {
    const { http, authority, uploads, setting, limits, scheduler } = configuration;
    const url = new PublicUrl(http.publicUrl);
    return {
      module: AppModule,
      imports: [infrastructure.module],
      controllers: [
        RunsController,
        RerunController,
        StepsController,
        LogsController,
        ArtifactsController,
        EvidenceController,
        GatesController,
        AttentionController,
        AuditController,
        PlansController,
        ComparisonController,
        SchedulesController,
        PacksController,
        UploadsController,
        MeController,
        ErrorsController,
        SchemasController,
      ],
      providers: [
        { provide: PublicUrl, useValue: url },
        { provide: BodyReader, useValue: new BodyReader({ ...http.bodies, largest: http.bodyLimit }, bodies) },
        { provide: APP_INTERCEPTOR, useClass: BodyRelease },
        { provide: SETTING, useValue: setting },
        { provide: PACK_LIMITS, useValue: uploads },
        PackSources,
        { provide: Limits, useValue: { of: limits } },
        { provide: TokenVerifier, useValue: new TokenVerifier(authority) },
        { provide: RateLimiter, useValue: new RateLimiter() },
        { provide: RunTails, useFactory: (reader: RunReader) => new RunTails(reader), inject: [RunReader] },
        OpenStreams,
        { provide: READER_STALL, useValue: http.streams.stall },
        {
          provide: SharedLogs,
          useFactory: (store: LogStore) => new SharedLogs(store, http.streams.cache),
          inject: [LogStore],
        },
        { provide: SCHEDULER, useValue: scheduler },
        TickLoop,
        CheckpointLoop,
        { provide: REFUSALS, useValue: configuration.refusals },
        RefusalLoop,
        PackIntake,
        PacksToPlan,
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_GUARD, useClass: AcceptableGuard },
        {
          provide: AlteredDocuments,
          useFactory: (runs: AlteredRuns) => new AlteredDocuments(runs, infrastructure.observability),
          inject: [AlteredRuns],
        },
        {
          provide: APP_FILTER,
          useFactory: (altered: AlteredDocuments, refusals: RefusalLoop) =>
            new ProblemFilter(
              url,
              infrastructure.observability,
              (error) => infrastructure.isUnavailable(error),
              altered,
              refusals,
            ),
          inject: [AlteredDocuments, RefusalLoop],
        },
      ],
    };
  }
}
