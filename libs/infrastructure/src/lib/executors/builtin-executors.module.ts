import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { BUILTIN_EXECUTORS } from '@taskrunner/core/plan';
import { ObjectStore, RunReader, type StepSandbox } from '@taskrunner/core/ports';
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
import type { Sandbox } from '../sandbox/sandbox';
import { SandboxHealth } from '../sandbox/sandbox-health';
import { Sandboxes } from '../sandbox/sandboxes';
import { stepSandbox } from '../sandbox/step-sandbox';
import { Supervisor } from '../sandbox/supervisor';
import { ownFolder } from '../sandbox/workspace/worker-folder';
import { Telemetry } from '../telemetry/telemetry';
import { builtinParts, MAKE_BUILTIN, type BuiltinOptions, type BuiltinParts } from './builtin-executors';
import { ExecutorModule, type ExecutorsOf } from './executor.module';

const BUILTIN_PARTS = token<BuiltinParts>('what built-in executors share');

/** Dependencies that the built-in executors of a worker share. */
@Module({})
class BuiltinPartsModule {}

/** Registers the built-in executors. `imports`: the modules of the database, the object store, destinations, sandboxes, containers and egress. */
export function builtinExecutorsModule(imports: DynamicModule[]): ExecutorsOf {
  const parts: DynamicModule = { module: BuiltinPartsModule, imports, providers: [PARTS], exports: [BUILTIN_PARTS] };
  return ExecutorModule.forFeature(
    BUILTIN_EXECUTORS.map((descriptor) => ({
      descriptor,
      executor: {
        inject: [BUILTIN_PARTS],
        useFactory: (made: BuiltinParts) => MAKE_BUILTIN[descriptor.uses]?.(made) ?? null,
      },
    })),
    { imports: [parts] },
  );
}

const PARTS = provide(
  BUILTIN_PARTS,
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
    builtinParts({
      ...rest,
      ...settingsOf(configuration),
      sandboxOf: sandboxesByIsolation(sandboxes, supervisor, health),
      exports: { runReader, destinations },
      traceparent: ({ run }) => telemetry.tracing.traceparent(run.runId),
    }),
);

function settingsOf(
  configuration: Configuration,
): Pick<BuiltinOptions, 'workDirectory' | 'artifactMaxBytes' | 'spool' | 'interpreters' | 'secretFolder' | 'bundles'> {
  const { workDirectory, interpreters } = configuration.sandbox;
  return {
    workDirectory: join(ownFolder(workDirectory), 'runs'),
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

/** The sandboxes of executors, by isolation. `health` receives the reason for each sandbox that could not be set up. */
function sandboxesByIsolation(
  sandboxes: Sandboxes,
  supervisor: Supervisor,
  health: SandboxHealth,
): BuiltinOptions['sandboxOf'] {
  const known = new WeakMap<Sandbox, StepSandbox>();
  return (isolation) => {
    const sandbox = sandboxes.of(isolation);
    if (sandbox === null) return null;
    const made = known.get(sandbox) ?? stepSandbox(sandbox, supervisor, tarEntries, () => health.suspect());
    known.set(sandbox, made);
    return made;
  };
}

/** Limits for a publisher's bundle. */
function bundleLimits({ artifacts }: Configuration): TarLimits {
  const { maxBytes } = artifacts;
  return { maxBytes: BUNDLE_SIZES * maxBytes, maxFileBytes: maxBytes, maxFiles: BUNDLE_FILES, names: 'portable' };
}

/** Response bodies below this size stay in memory until they are stored, bytes. */
const SPOOLED_FROM = 1024 * 1024;

const BUNDLE_SIZES = 16;
const BUNDLE_FILES = 100_000;
