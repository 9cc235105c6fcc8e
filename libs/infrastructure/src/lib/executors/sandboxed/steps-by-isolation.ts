import type { Environment } from '@taskrunner/core/plan';
import type { ExecutionReport, ExecutionRequest, Outcome, StepSandbox } from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';
import { refused } from '../step/outcome';
import type { ContainerInvocation, Invocation } from './invocation';
import type { SandboxedStep } from './sandboxed-step';

/** Sandboxed steps, each in the sandbox with which its run was admitted, and never in another one. */
export class StepsByIsolation {
  private readonly steps = new WeakMap<StepSandbox, SandboxedStep>();

  /** `sandboxOf` returns null if this worker cannot enforce the profile, or no longer can. */
  constructor(
    private readonly sandboxOf: (isolation: string) => StepSandbox | null,
    private readonly stepOf: (sandbox: StepSandbox) => SandboxedStep,
  ) {}

  /** Like `SandboxedStep.perform`; a failed attempt if the sandbox is not available. */
  async perform(
    request: ExecutionRequest,
    report: ExecutionReport,
    invoke: () => Invocation | ContainerInvocation,
  ): Promise<Outcome> {
    const { mode, isolation } = JSON.parse(request.run.environment) as Environment;
    const sandbox = this.sandboxOf(isolation);
    if (sandbox === null) {
      const code = mode === 'sealed' ? 'SEALED_UNENFORCEABLE' : 'SANDBOX_UNAVAILABLE';
      return refused(refusal(code, `this worker cannot enforce ${isolation}`));
    }
    let step = this.steps.get(sandbox);
    if (step === undefined) {
      step = this.stepOf(sandbox);
      this.steps.set(sandbox, step);
    }
    return step.perform(request, report, invoke);
  }
}
