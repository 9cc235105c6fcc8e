import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { isCodedError, ObjectStore, RunReader, type Executor } from '@taskrunner/core';
import { tarEntries, type TarLimits } from '../archive/read-tar';
import { from, provide } from '../composition/provide';
import { token } from '../composition/token';
import { bundleRootsOf } from '../configuration/bundle-roots';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { egressRulesOf } from '../configuration/egress-settings';
import { CONTAINER_ENGINE } from '../container/container.module';
import { EgressProxy } from '../egress/egress-proxy';
import { HTTP_STEPS } from '../egress/egress.module';
import { EXPORT_DESTINATIONS } from '../object-store/export-destinations.module';
import { Spool } from '../object-store/spool';
import { collect } from '../sandbox/collector';
import { readOutputs } from '../sandbox/workspace/outputs-file';
import type { Sandbox } from '../sandbox/sandbox';
import { SandboxHealth } from '../sandbox/sandbox-health';
import { Sandboxes } from '../sandbox/sandboxes';
import { Supervisor } from '../sandbox/supervisor';
import { Workspace } from '../sandbox/workspace/workspace';
import { Telemetry } from '../telemetry/telemetry';
import { builtinExecutors, type BuiltinOptions } from './builtin-executors';
import type { SandboxDependencies } from './step/sandbox-dependencies';

/** The executors of this worker by what `uses` names. */
export const EXECUTORS = token<ReadonlyMap<string, Executor>>('executors');

/** The executors of the release, each watched. */
@Module({})
export class ExecutorsModule {
  /** `imports`: the modules of the database, the object store, destinations, sandboxes, containers and egress. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: ExecutorsModule,
      imports,
      providers: [
        provide(
          EXECUTORS,
          {
            configuration: CONFIGURATION,
            objects: ObjectStore,
            runReader: RunReader,
            destinations: EXPORT_DESTINATIONS,
            sandboxes: Sandboxes,
            supervisor: Supervisor,
            health: SandboxHealth,
            containers: CONTAINER_ENGINE,
            egress: EgressProxy,
            http: HTTP_STEPS,
            egressAllow: from(CONFIGURATION, egressRulesOf),
            telemetry: Telemetry,
          },
          ({ configuration, runReader, destinations, sandboxes, supervisor, health, telemetry, ...rest }) =>
            telemetry.watchExecutors(
              builtinExecutors({
                ...rest,
                ...settingsOf(configuration),
                dependencies: sandboxDependencies(sandboxes, supervisor, health),
                exports: { runReader, destinations },
                traceparent: () => telemetry.tracing.traceparent(),
              }),
            ),
        ),
      ],
      exports: [EXECUTORS],
    };
  }
}

function settingsOf(
  configuration: Configuration,
): Pick<BuiltinOptions, 'workDirectory' | 'artifactMaxBytes' | 'spool' | 'interpreters' | 'secretFolder' | 'bundles'> {
  const { workDirectory, interpreters } = configuration.sandbox;
  return {
    workDirectory: join(workDirectory, 'runs'),
    artifactMaxBytes: configuration.artifacts.maxBytes,
    spool: () => new Spool(join(workDirectory, 'spool'), SPOOLED_FROM),
    interpreters,
    secretFolder: configuration.secrets.deliveryFolder,
    bundles: {
      roots: bundleRootsOf(configuration),
      entries: (source) => tarEntries(source, bundleLimits(configuration)),
    },
  };
}

/** The sandboxes as executors take them, by isolation. `health` hears of each sandbox that could not be set up. */
function sandboxDependencies(
  sandboxes: Sandboxes,
  supervisor: Supervisor,
  health: SandboxHealth,
): (isolation: string) => SandboxDependencies | null {
  const known = new WeakMap<Sandbox, SandboxDependencies>();
  const watched: SandboxDependencies['supervisor'] = {
    run: async (launch, output) => {
      const child = await (supervisor as unknown as SandboxDependencies['supervisor']).run(launch, output);
      child.exit.catch((error: unknown) => {
        if (isCodedError(error) && error.code === 'START_FAILED') health.suspect();
      });
      return child;
    },
  };
  const dependenciesOf = (sandbox: Sandbox): SandboxDependencies => ({
    sandbox: sandbox,
    supervisor: watched,
    createWorkspace: (options) => Workspace.create(options),
    readOutputs: (workspace) => readOutputs(workspace as Workspace),
    entriesOfTar: tarEntries,
    collect: (request, sink) => collect(request as unknown as Parameters<typeof collect>[0], sink),
  });
  return (isolation) => {
    const sandbox = sandboxes.of(isolation);
    if (sandbox === null) return null;
    const dependencies = known.get(sandbox) ?? dependenciesOf(sandbox);
    known.set(sandbox, dependencies);
    return dependencies;
  };
}

/** What a bundle of a publisher may hold. */
function bundleLimits({ artifacts }: Configuration): TarLimits {
  const { maxBytes } = artifacts;
  return { maxBytes: BUNDLE_SIZES * maxBytes, maxFileBytes: maxBytes, maxFiles: BUNDLE_FILES, names: 'portable' };
}

/** Smaller bodies of answers stay in memory until they are stored, bytes. */
const SPOOLED_FROM = 1024 * 1024;

const BUNDLE_SIZES = 16;
const BUNDLE_FILES = 100_000;
