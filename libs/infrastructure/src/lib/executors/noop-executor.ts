import { Executor, pureOutcome, type ExecutionRequest, type Outcome } from '@taskrunner/core';
import { EXECUTOR_BEHAVIOURS } from './step/behaviours';
import type { DeclaredOutputs } from './step/declared-outputs';

/** `builtin:noop`: returns its `with`. */
export class NoopExecutor extends Executor {
  readonly uses = 'builtin:noop';
  readonly behaviour = EXECUTOR_BEHAVIOURS[this.uses];

  constructor(private readonly declared: DeclaredOutputs) {
    super();
  }

  execute(request: ExecutionRequest): Promise<Outcome> {
    return this.declared.judged(request, pureOutcome(this.uses, request.with));
  }
}
