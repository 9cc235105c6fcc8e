import type { Clock, ExecutionRequest, Executor, ObjectStore } from '@taskrunner/core';
import { CommandExecutor } from './command-executor';
import { ContainerExecutor } from './container-executor';
import type { ContainerHands } from './container-hands';
import { DeclaredOutputs } from './declared-outputs';
import { FailExecutor } from './fail-executor';
import { NoopExecutor } from './noop-executor';
import { PackContent } from './pack-content';
import type { SandboxHands } from './sandbox-hands';
import { SandboxedStep } from './sandboxed-step';
import { ScriptExecutor } from './script-executor';
import { TransformExecutor } from './transform-executor';
import { ValidateSchemaExecutor } from './validate-schema-executor';
import { WaitExecutor } from './wait-executor';

/** What the built-in executors need. */
export interface BuiltinOptions {
  readonly clock: Clock;
  readonly objects: ObjectStore;
  /** Null: a worker without a sandbox, which starts no processes. */
  readonly hands: SandboxHands | null;
  /** None: a worker without a container engine. */
  readonly containers?: ContainerHands | null;
  /** Folder of the workspaces. */
  readonly workDirectory: string;
  /** Largest artifact, bytes. */
  readonly artifactMaxBytes: number;
  /** Names of interpreters that scripts may use. */
  readonly interpreters: readonly string[];
  /** W3C trace context of an execution, for its child. */
  readonly traceparent?: (request: ExecutionRequest) => string | null;
}

/** The executors of this release by what `uses` names, as a driver takes them. */
export function builtinExecutors(options: BuiltinOptions): ReadonlyMap<string, Executor> {
  const { clock, objects, hands, interpreters } = options;
  const pack = new PackContent(objects);
  const declared = new DeclaredOutputs(pack);
  const executors: Executor[] = [
    new NoopExecutor(declared),
    new FailExecutor(),
    new WaitExecutor(clock),
    new TransformExecutor(declared),
    new ValidateSchemaExecutor(pack, declared),
  ];
  if (hands !== null) {
    const step = new SandboxedStep({ ...options, hands, pack, declared });
    const { owner } = hands.sandbox;
    executors.push(new CommandExecutor(step), new ScriptExecutor({ step, pack, interpreters, owner }));
    if (options.containers) executors.push(new ContainerExecutor(step));
  }
  return new Map(executors.map((executor) => [executor.uses, executor]));
}
