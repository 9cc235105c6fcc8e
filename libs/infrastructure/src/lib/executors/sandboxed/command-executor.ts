import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';
import type { Invocation } from './invocation';
import type { StepsByIsolation } from './steps-by-isolation';
import { contentOf, okExitCodesOf, textsOf } from '../step/with-values';

/** `builtin:command`: an argument list, never a shell string. */
export class CommandExecutor extends Executor {
  constructor(private readonly steps: StepsByIsolation) {
    super();
  }

  execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    return this.steps.perform(request, report, () => invocationOf(request));
  }
}

function invocationOf({ with: parameters }: ExecutionRequest): Invocation {
  const [argv0, ...args] = textsOf(parameters, 'command');
  if (argv0 === undefined || argv0 === '') throw refusal('WITH_INVALID', 'with.command must name a program');
  const { stdin = null } = parameters;
  return {
    argv0,
    args,
    okExitCodes: okExitCodesOf(parameters),
    ...(stdin === null ? {} : { stdin: contentOf(stdin) }),
  };
}
