import { parseDuration } from '@taskrunner/core/pack';
import { Executor, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { failed } from './step/outcome';

/** `builtin:wait`: requests the delay `with.for`; it does not wait itself. */
export class WaitExecutor extends Executor {
  async execute(request: ExecutionRequest): Promise<Outcome> {
    const { for: duration } = request.with;
    const milliseconds = typeof duration === 'string' ? parseDuration(duration) : null;
    if (milliseconds === null) return failed('WITH_INVALID', 'with.for must be a duration such as 90s', false);
    return { kind: 'deferred', forMs: milliseconds };
  }
}
