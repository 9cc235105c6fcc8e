import { isJsonObject } from '@taskrunner/core/foundation';
import { parseImage } from '@taskrunner/core/planner';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';
import type { ContainerInvocation } from './invocation';
import type { StepsByIsolation } from './steps-by-isolation';
import { okExitCodesOf, textsOf } from '../step/with-values';

const MIB = 1024 * 1024;

/** `builtin:container`: an image by digest, with files, outputs and artifacts like a command. */
export class ContainerExecutor extends Executor {
  constructor(private readonly steps: StepsByIsolation) {
    super();
  }

  execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    return this.steps.perform(request, report, () => invocationOf(request));
  }
}

function invocationOf({ with: parameters }: ExecutionRequest): ContainerInvocation {
  const { image: reference, resources = {} } = parameters;
  // The planner has checked both. Values that reach an engine are checked here again.
  const image = typeof reference === 'string' ? parseImage(reference) : null;
  if (image === null) throw refusal('WITH_INVALID', 'with.image must be name@sha256:…');
  if (!isJsonObject(resources)) throw refusal('WITH_INVALID', 'with.resources must be an object');
  const asked = (name: string): number | null => {
    const value = resources[name] ?? null;
    if (value !== null && (!Number.isInteger(value) || Number(value) < 1))
      throw refusal('WITH_INVALID', `with.resources.${name} must be a whole number`);
    return value === null ? null : Number(value);
  };
  const memoryMiB = asked('memoryMiB');
  return {
    image,
    command: textsOf(parameters, 'command'),
    args: textsOf(parameters, 'args'),
    resources: {
      memoryBytes: memoryMiB === null ? null : memoryMiB * MIB,
      cpuMillicores: asked('cpuMillicores'),
      processes: asked('maxProcesses'),
    },
    okExitCodes: okExitCodesOf(parameters),
  };
}
