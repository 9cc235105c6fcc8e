import type { EgressRule } from '@taskrunner/core/egress';
import type { ExportDependencies } from '@taskrunner/core/operations';
import type {
  ExecutionRequest,
  Executor,
  ObjectStore,
  StepContainers,
  StepEgress,
  StepSandbox,
} from '@taskrunner/core/ports';
import { AttemptEgress } from './http/attempt-egress';
import { BundleIngestExecutor, type BundleIngestOptions } from './bundle-ingest-executor';
import { CommandExecutor } from './sandboxed/command-executor';
import { ContainerExecutor } from './sandboxed/container-executor';
import { DeclaredOutputs } from './step/declared-outputs';
import { EvidenceExportExecutor } from './evidence-export-executor';
import { FailExecutor } from './fail-executor';
import { HttpExecutor, type HttpExecutorOptions } from './http/http-executor';
import { DEFAULT_HTTP, type HttpSettings } from './http/http-exchange';
import { NoopExecutor } from './noop-executor';
import { PackContent } from './step/pack-content';
import { SecretFiles } from './sandboxed/secret-files';
import { SandboxedStep } from './sandboxed/sandboxed-step';
import { ScriptExecutor } from './sandboxed/script-executor';
import { StepsByIsolation } from './sandboxed/steps-by-isolation';
import { TransformExecutor } from './transform-executor';
import { ValidateSchemaExecutor } from './validate-schema-executor';
import { WaitExecutor } from './wait-executor';

/** Dependencies of the built-in executors. */
export interface BuiltinOptions {
  readonly objects: ObjectStore;
  /** The sandbox of an isolation; null if this worker cannot enforce it. */
  readonly sandboxOf: (isolation: string) => StepSandbox | null;
  /** None: a worker without a container engine. */
  readonly containers?: StepContainers | null;
  /** None: a worker without an egress proxy, whose steps reach nothing. */
  readonly egress?: StepEgress | null;
  /** The worker's own `sealedMode.allow`; absent: none. */
  readonly egressAllow?: readonly EgressRule[];
  readonly http?: HttpSettings;
  /** Folder for workspaces. */
  readonly workDirectory: string;
  /** Maximum size of an artifact, bytes. */
  readonly artifactMaxBytes: number;
  /** Temporary storage for response bodies until they are stored. */
  readonly spool: HttpExecutorOptions['spool'];
  /** Roots of bundles, and the archive reader. */
  readonly bundles: Pick<BundleIngestOptions, 'roots' | 'entries'>;
  /** Destinations of evidence, and its reader. */
  readonly exports: Pick<ExportDependencies, 'runReader' | 'destinations'>;
  /** Names of interpreters that scripts may use. */
  readonly interpreters: readonly string[];
  /** A folder in memory for secrets as files; default: /dev/shm. */
  readonly secretFolder?: string;
  /** W3C trace context of an execution, for its child process. */
  readonly traceparent?: (request: ExecutionRequest) => string | null;
}

/** Shared dependencies of the built-in executors. */
export interface BuiltinParts extends BuiltinOptions {
  readonly pack: PackContent;
  readonly declared: DeclaredOutputs;
  readonly attemptEgress: AttemptEgress;
  readonly steps: StepsByIsolation;
}

/** Creates the shared dependencies of the built-in executors. */
export function builtinParts(options: BuiltinOptions): BuiltinParts {
  const pack = new PackContent(options.objects);
  const declared = new DeclaredOutputs(pack);
  const egress = new AttemptEgress(options.egress ?? null, options.objects, options.egressAllow ?? []);
  const secrets = new SecretFiles(options.secretFolder ?? '/dev/shm');
  const steps = new StepsByIsolation(
    options.sandboxOf,
    (sandbox) => new SandboxedStep({ ...options, sandbox, pack, declared, egress, secrets }),
  );
  return { ...options, pack, declared, attemptEgress: egress, steps };
}

/** Factories of the built-in executors by `uses`; null: this worker lacks a dependency. */
export const MAKE_BUILTIN: Readonly<Record<string, (parts: BuiltinParts) => Executor | null>> = {
  'builtin:noop': ({ declared }) => new NoopExecutor(declared),
  'builtin:fail': () => new FailExecutor(),
  'builtin:wait': () => new WaitExecutor(),
  'builtin:transform': ({ declared }) => new TransformExecutor(declared),
  'builtin:validate-schema': ({ pack, declared }) => new ValidateSchemaExecutor(pack, declared),
  'builtin:command': ({ steps }) => new CommandExecutor(steps),
  'builtin:script': ({ steps, pack, interpreters }) => new ScriptExecutor({ steps, pack, interpreters }),
  'builtin:container': ({ containers, steps }) => (containers ? new ContainerExecutor(steps) : null),
  'builtin:bundle.ingest': ({ bundles, objects, declared, artifactMaxBytes }) =>
    new BundleIngestExecutor({ ...bundles, objects, declared, maxEntryBytes: artifactMaxBytes }),
  'builtin:evidence-export': ({ exports, objects }) => new EvidenceExportExecutor({ ...exports, objects }),
  'builtin:http': ({ attemptEgress: egress, http: settings = DEFAULT_HTTP, ...parts }) =>
    new HttpExecutor({ ...parts, egress, settings }),
};

/** The built-in executors that this worker has, by `uses`. */
export function builtinExecutors(options: BuiltinOptions): ReadonlyMap<string, Executor> {
  const parts = builtinParts(options);
  return new Map(
    Object.entries(MAKE_BUILTIN).flatMap(([uses, make]) => {
      const made = make(parts);
      return made === null ? [] : [[uses, made] as const];
    }),
  );
}
