import { Executor, pureOutcome, type ExecutionRequest, type Outcome } from '@taskrunner/core';
import { EXECUTOR_BEHAVIOURS } from './step/behaviours';
import type { DeclaredOutputs } from './step/declared-outputs';

/** `builtin:transform`: returns `with.outputs`, whose expressions are evaluated when it is bound. */
export class TransformExecutor extends Executor {
  readonly uses = 'builtin:transform';
  readonly behaviour = EXECUTOR_BEHAVIOURS[this.uses];

  constructor(private readonly declared: DeclaredOutputs) {
    super();
  }

  execute(request: ExecutionRequest): Promise<Outcome> {
    return this.declared.judged(request, pureOutcome(this.uses, request.with));
  }
}
