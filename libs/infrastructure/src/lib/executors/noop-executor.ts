import { pureOutcome } from '@taskrunner/core/binding';
import { Executor, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import type { DeclaredOutputs } from './step/declared-outputs';

/** `builtin:noop`: returns its `with`. */
export class NoopExecutor extends Executor {
  constructor(private readonly declared: DeclaredOutputs) {
    super();
  }

  execute(request: ExecutionRequest): Promise<Outcome> {
    return this.declared.judged(request, pureOutcome('builtin:noop', request.with));
  }
}
