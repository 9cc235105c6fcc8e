import type { Environment } from '@taskrunner/core/plan';
import type { ExecutionReport, ExecutionRequest, Outcome } from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';
import { refused } from '../step/outcome';
import type { SandboxDependencies } from '../step/sandbox-dependencies';
import type { ContainerInvocation, Invocation, SandboxedStep } from './sandboxed-step';

/** Sandboxed steps, each in the sandbox with which its run was admitted, and never in another one. */
export class StepsByIsolation {
  private readonly steps = new WeakMap<SandboxDependencies, SandboxedStep>();

  /** `dependenciesOf`: null if this worker cannot enforce the profile (any more). */
  constructor(
    private readonly dependenciesOf: (isolation: string) => SandboxDependencies | null,
    private readonly stepOf: (dependencies: SandboxDependencies) => SandboxedStep,
  ) {}

  /** Like `SandboxedStep.perform`; a failed attempt if the sandbox is not available. */
  async perform(
    request: ExecutionRequest,
    report: ExecutionReport,
    invoke: () => Invocation | ContainerInvocation,
  ): Promise<Outcome> {
    const { mode, isolation } = JSON.parse(request.run.environment) as Environment;
    const dependencies = this.dependenciesOf(isolation);
    if (dependencies === null) {
      const code = mode === 'sealed' ? 'SEALED_UNENFORCEABLE' : 'SANDBOX_UNAVAILABLE';
      return refused(refusal(code, `this worker cannot enforce ${isolation}`));
    }
    let step = this.steps.get(dependencies);
    if (step === undefined) {
      step = this.stepOf(dependencies);
      this.steps.set(dependencies, step);
    }
    return step.perform(request, report, invoke);
  }
}
