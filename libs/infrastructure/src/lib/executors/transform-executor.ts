import { pureOutcome } from '@taskrunner/core/binding';
import { Executor, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import type { DeclaredOutputs } from './step/declared-outputs';

/** `builtin:transform`: returns `with.outputs`, whose expressions are evaluated when it is bound. */
export class TransformExecutor extends Executor {
  constructor(private readonly declared: DeclaredOutputs) {
    super();
  }

  execute(request: ExecutionRequest): Promise<Outcome> {
    return this.declared.judged(request, pureOutcome('builtin:transform', request.with));
  }
}
