import { Executor, pureOutcome, type ExecutionRequest, type Outcome } from '@taskrunner/core';
import { EXECUTOR_BEHAVIOURS } from './step/behaviours';
import { endedPurely } from './step/outcome';

/** `builtin:fail`: fails with `STEP_FAILED` and `with.message`. */
export class FailExecutor extends Executor {
  readonly uses = 'builtin:fail';
  readonly behaviour = EXECUTOR_BEHAVIOURS[this.uses];

  async execute(request: ExecutionRequest): Promise<Outcome> {
    return endedPurely(pureOutcome(this.uses, request.with));
  }
}
