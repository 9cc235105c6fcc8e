import type { EgressRule, ExecutionRequest, Executor, ExportDependencies, ObjectStore } from '@taskrunner/core';
import { AttemptEgress } from './http/attempt-egress';
import { BundleIngestExecutor, type BundleIngestOptions } from './bundle-ingest-executor';
import { CommandExecutor } from './sandboxed/command-executor';
import { ContainerExecutor } from './sandboxed/container-executor';
import type { ContainerDependencies } from './step/container-dependencies';
import { DeclaredOutputs } from './step/declared-outputs';
import type { EgressDependencies } from './http/egress-dependencies';
import { EvidenceExportExecutor } from './evidence-export-executor';
import { FailExecutor } from './fail-executor';
import { HttpExecutor, type HttpExecutorOptions } from './http/http-executor';
import { DEFAULT_HTTP, type HttpSettings } from './http/http-exchange';
import { NoopExecutor } from './noop-executor';
import { PackContent } from './step/pack-content';
import type { SandboxDependencies } from './step/sandbox-dependencies';
import { SecretFiles } from './sandboxed/secret-files';
import { SandboxedStep } from './sandboxed/sandboxed-step';
import { ScriptExecutor } from './sandboxed/script-executor';
import { StepsByIsolation } from './sandboxed/steps-by-isolation';
import { TransformExecutor } from './transform-executor';
import { ValidateSchemaExecutor } from './validate-schema-executor';
import { WaitExecutor } from './wait-executor';

/** What the built-in executors need. */
export interface BuiltinOptions {
  readonly objects: ObjectStore;
  /** By the isolation of the run's environment; null where this worker cannot enforce it. */
  readonly dependencies: (isolation: string) => SandboxDependencies | null;
  /** None: a worker without a container engine. */
  readonly containers?: ContainerDependencies | null;
  /** None: a worker without an egress proxy, whose steps reach nothing. */
  readonly egress?: EgressDependencies | null;
  /** The worker's own `sealedMode.allow`; absent: none. */
  readonly egressAllow?: readonly EgressRule[];
  readonly http?: HttpSettings;
  /** Folder of the workspaces. */
  readonly workDirectory: string;
  /** Largest artifact, bytes. */
  readonly artifactMaxBytes: number;
  /** Where bodies of answers stay until they are stored. */
  readonly spool: HttpExecutorOptions['spool'];
  /** Roots of bundles, and how an archive is read. */
  readonly bundles: Pick<BundleIngestOptions, 'roots' | 'entries'>;
  /** Where evidence may be handed over to, and where it is read. */
  readonly exports: Pick<ExportDependencies, 'runReader' | 'destinations'>;
  /** Names of interpreters that scripts may use. */
  readonly interpreters: readonly string[];
  /** A folder in memory, for secrets as files; /dev/shm unless told. */
  readonly secretFolder?: string;
  /** W3C trace context of an execution, for its child. */
  readonly traceparent?: (request: ExecutionRequest) => string | null;
}

/** The executors of this release by what `uses` names, as a driver takes them. */
export function builtinExecutors(options: BuiltinOptions): ReadonlyMap<string, Executor> {
  const { objects, dependencies, interpreters, artifactMaxBytes, spool } = options;
  const pack = new PackContent(objects);
  const declared = new DeclaredOutputs(pack);
  const egress = new AttemptEgress(options.egress ?? null, objects, options.egressAllow ?? []);
  const secrets = new SecretFiles(options.secretFolder ?? '/dev/shm');
  const steps = new StepsByIsolation(
    dependencies,
    (of) => new SandboxedStep({ ...options, dependencies: of, pack, declared, egress, secrets }),
  );
  const executors: Executor[] = [
    new NoopExecutor(declared),
    new FailExecutor(),
    new WaitExecutor(),
    new TransformExecutor(declared),
    new ValidateSchemaExecutor(pack, declared),
    new CommandExecutor(steps),
    new ScriptExecutor({ steps, pack, interpreters }),
    new BundleIngestExecutor({ ...options.bundles, objects, declared, maxEntryBytes: options.artifactMaxBytes }),
    new EvidenceExportExecutor({ ...options.exports, objects }),
    new HttpExecutor({ egress, objects, declared, artifactMaxBytes, spool, settings: options.http ?? DEFAULT_HTTP }),
  ];
  if (options.containers) executors.push(new ContainerExecutor(steps));
  return new Map(executors.map((executor) => [executor.uses, executor]));
}
