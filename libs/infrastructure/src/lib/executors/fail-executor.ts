import { Executor, type ExecutionRequest, type Outcome } from '@taskrunner/core';
import { EXECUTOR_BEHAVIOURS } from './behaviours';
import { failed } from './outcome';
import { contentOf } from './with-values';

/** `builtin:fail`: fails with `STEP_FAILED` and `with.message`. */
export class FailExecutor extends Executor {
  readonly uses = 'builtin:fail';
  readonly behaviour = EXECUTOR_BEHAVIOURS[this.uses];

  async execute(request: ExecutionRequest): Promise<Outcome> {
    return failed('STEP_FAILED', contentOf(request.with['message'] ?? 'the step is written to fail'), true);
  }
}
