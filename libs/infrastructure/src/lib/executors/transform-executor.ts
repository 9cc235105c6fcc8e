import { Executor, isJsonObject, type ExecutionRequest, type Outcome } from '@taskrunner/core';
import { EXECUTOR_BEHAVIOURS } from './behaviours';
import type { DeclaredOutputs } from './declared-outputs';
import { failed } from './outcome';

/** `builtin:transform`: returns `with.outputs`, whose expressions are evaluated when it is bound. */
export class TransformExecutor extends Executor {
  readonly uses = 'builtin:transform';
  readonly behaviour = EXECUTOR_BEHAVIOURS[this.uses];

  constructor(private readonly declared: DeclaredOutputs) {
    super();
  }

  async execute(request: ExecutionRequest): Promise<Outcome> {
    const outputs = request.with['outputs'] ?? {};
    if (!isJsonObject(outputs)) return failed('WITH_INVALID', 'with.outputs must be an object', false);
    return this.declared.accept(request, outputs);
  }
}
