import { Module, type DynamicModule, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { provide } from '../composition/provide';
import { CONFIGURATION } from '../configuration/configuration.module';
import { DATABASE_READINESS, WORKER_DATABASE_URL } from '../postgres/postgres.module';
import { SECRETS } from '../secrets/secrets.module';
import { Telemetry } from '../telemetry/telemetry';
import { prove, supervise, type OpenedSandboxes } from '../service/open-sandboxes';
import { SandboxHealth } from './sandbox-health';
import { Sandboxes } from './sandboxes';
import { Supervisor } from './supervisor';

const OPENING: readonly Provider[] = [
  provide(
    Supervisor,
    {
      configuration: CONFIGURATION,
      telemetry: Telemetry,
      // Secrets leave the environment before the first child could inherit them.
      secrets: SECRETS,
      // A worker that the database rejects starts no child.
      database: DATABASE_READINESS,
    },
    ({ configuration, telemetry }) => supervise(configuration, telemetry.log),
  ),
  provide(
    Sandboxes,
    { configuration: CONFIGURATION, url: WORKER_DATABASE_URL, supervisor: Supervisor, telemetry: Telemetry },
    ({ configuration, url, supervisor, telemetry }) => prove(configuration, url, supervisor, telemetry.log),
  ),
];

function providersOf({ supervisor, sandboxes, sayTo }: OpenedSandboxes): readonly Provider[] {
  return [
    provide(Supervisor, { telemetry: Telemetry }, ({ telemetry }) => {
      sayTo(telemetry.log);
      return supervisor;
    }),
    provide(Sandboxes, {}, () => sandboxes),
  ];
}

/** Children of this worker and their isolation (`sandbox`). */
@Module({})
export class SandboxModule implements OnApplicationShutdown {
  /**
   * `imports`: the modules that provide `SECRETS`, `DATABASE_READINESS` and `WORKER_DATABASE_URL`. `opened`: the sandboxes, if the application
   * has opened them before.
   */
  static forRoot({
    imports,
    opened = null,
  }: {
    readonly imports: DynamicModule[];
    readonly opened?: OpenedSandboxes | null;
  }): DynamicModule {
    return {
      module: SandboxModule,
      imports,
      providers: [SandboxHealth, ...(opened === null ? OPENING : providersOf(opened))],
      exports: [SandboxHealth, Supervisor, Sandboxes],
    };
  }

  constructor(private readonly supervisor: Supervisor) {}

  onApplicationShutdown(): Promise<void> {
    return this.supervisor.close();
  }
}
