import { sha256 } from '../../canonical/digest';
import { oneLine, shortenVerdict, verdictOf, verdictTitle, type PolicyVerdict } from '../../gate/policy-verdict';
import { LEVEL_LETTERS, type LogLevel } from '../../journal/log-line';
import type { StepId } from '../../foundation/ids';
import type { GateNode } from '../../plan/plan';
import { nodeAt, type PlanIndex } from '../../plan/plan-index';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { Fact, InputEventBody } from '../../run/run-event';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';

type PolicyJudged = Extract<InputEventBody, { type: 'policy.judged' }>;

const MOST_REASONS = 50;
/** Characters (UTF-16 units) of a line. */
const MOST_CHARACTERS = 1_000;
/** Maximum number of streams of one gate that an owner of the run may write; see `write`. */
const STREAMS = 1_000;
/** Largest execution number that a row can hold. */
const MOST_EXECUTION = 2 ** 31 - 1;

/**
 * Writes the log lines of policy gates: the reasons of a policy that did not allow. Followers of the log see why a run waits or failed. The
 * journal has the same in `policy.judged`; the lines are for people.
 */
export class PolicyLog {
  private readonly written = new Map<StepId, number>();

  constructor(
    private readonly dependencies: Pick<DriverDependencies, 'logs' | 'clock' | 'alarm'>,
    private readonly run: ClaimedRun,
    private readonly index: PlanIndex,
  ) {}

  /**
   * Stores the lines of a verdict and returns the fact that numbers them; null if there are no lines, or the run is no longer ours. A
   * verdict whose turn is dropped is evaluated again and may have other reasons. Therefore each stream has its own number under the fence
   * of the owner.
   */
  async write(judged: PolicyJudged): Promise<Fact | null> {
    const { step } = judged;
    const { node } = nodeAt(this.index, step);
    const policy = node.kind === 'gate' ? this.index.plan.policies.find(({ id }) => id === node.policy) : undefined;
    if (node.kind !== 'gate' || !policy || (judged.allow && !judged.undecided)) return null;
    const stream = this.written.get(step) ?? 0;
    const execution = this.run.fence * STREAMS + stream;
    if (stream >= STREAMS || execution > MOST_EXECUTION) return null;
    this.written.set(step, stream + 1);
    const lines = linesOf(verdictOf(policy, judged), node);
    const level: LogLevel = endsRun(policy, node) ? 'error' : 'warn';
    const data = new TextEncoder().encode(lines.map((line) => `${LEVEL_LETTERS[level]}${line}\n`).join(''));
    const { tenant, runId, fence } = this.run;
    const chunk = { step, execution, chunk: 0, lines: lines.length, sha256: sha256(data) };
    try {
      const [held] = await this.dependencies.logs.append([
        { ...chunk, attempt: null, tenant, runId, fence, at: this.dependencies.clock.now(), data },
      ]);
      return held ? { type: 'log', ...chunk, bytes: data.length } : null;
    } catch (error) {
      // The journal contains the verdict, so a failure to store the lines does not fail the run.
      this.dependencies.alarm(this.run, 'POLICY_LOG_LOST', { step, reason: String(error) });
      return null;
    }
  }
}

function linesOf(verdict: PolicyVerdict, node: GateNode): readonly string[] {
  const { reasons, omittedReasons } = shortenVerdict(verdict, MOST_REASONS, MOST_CHARACTERS);
  return [
    `${oneLine(verdictTitle(verdict))}: ${consequence(verdict, node)}`,
    ...reasons.map((reason) => `reason: ${oneLine(reason)}`),
    ...(omittedReasons > 0 ? [`and ${omittedReasons} more reasons`] : []),
  ];
}

function consequence({ level }: PolicyVerdict, node: GateNode): string {
  if (endsRun({ level }, node)) return 'the run fails';
  return level === 'advisory'
    ? 'the run continues'
    : `waiting for people to override the denial (${node.approval ?? ''})`;
}

function endsRun({ level }: Pick<PolicyVerdict, 'level'>, { approval }: GateNode): boolean {
  return level === 'hard-mandatory' || (level === 'soft-mandatory' && approval === null);
}
