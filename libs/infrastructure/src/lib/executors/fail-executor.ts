import { pureOutcome } from '@taskrunner/core/binding';
import { Executor, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { endedPurely } from './step/outcome';

/** `builtin:fail`: fails with `STEP_FAILED` and `with.message`. */
export class FailExecutor extends Executor {
  async execute(request: ExecutionRequest): Promise<Outcome> {
    return endedPurely(pureOutcome('builtin:fail', request.with));
  }
}
