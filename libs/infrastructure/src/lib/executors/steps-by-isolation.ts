import type { Environment, ExecutionReport, ExecutionRequest, Outcome } from '@taskrunner/core';
import { refusal } from './executor-error';
import { refused } from './outcome';
import type { SandboxHands } from './sandbox-hands';
import type { ContainerInvocation, Invocation, SandboxedStep } from './sandboxed-step';

/** Sandboxed steps, each in the sandbox that its run was admitted with: never in another one. */
export class StepsByIsolation {
  private readonly steps = new WeakMap<SandboxHands, SandboxedStep>();

  /** `handsOf`: null where this worker cannot enforce the profile (any more). */
  constructor(
    private readonly handsOf: (isolation: string) => SandboxHands | null,
    private readonly stepOf: (hands: SandboxHands) => SandboxedStep,
  ) {}

  /** As `SandboxedStep.perform`; a failed attempt where the sandbox is not there. */
  async perform(
    request: ExecutionRequest,
    report: ExecutionReport,
    invoke: () => Invocation | ContainerInvocation,
  ): Promise<Outcome> {
    const { mode, isolation } = JSON.parse(request.run.environment) as Environment;
    const hands = this.handsOf(isolation);
    if (hands === null) {
      const code = mode === 'sealed' ? 'SEALED_UNENFORCEABLE' : 'SANDBOX_UNAVAILABLE';
      return refused(refusal(code, `this worker cannot enforce ${isolation}`));
    }
    let step = this.steps.get(hands);
    if (step === undefined) {
      step = this.stepOf(hands);
      this.steps.set(hands, step);
    }
    return step.perform(request, report, invoke);
  }
}
