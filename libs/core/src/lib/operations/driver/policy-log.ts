import { oneLine, shortenVerdict, verdictOf, verdictTitle, type PolicyVerdict } from '../../gate/policy-verdict';
import type { LogLevel } from '../../journal/log-line';
import type { GateNode } from '../../plan/plan';
import { nodeAt, type PlanIndex } from '../../plan/plan-index';
import type { Fact, InputEventBody } from '../../run/run-event';
import type { ContainerLog } from './container-log';

type PolicyJudged = Extract<InputEventBody, { type: 'policy.judged' }>;

const MOST_REASONS = 50;
/** Characters (UTF-16 units) of a line. */
const MOST_CHARACTERS = 1_000;
/**
 * Writes the log lines of policy gates: the reasons of a policy that did not allow. Followers of the log see why a run waits or failed. The
 * journal has the same in `policy.judged`; the lines are for people.
 */
export class PolicyLog {
  constructor(
    private readonly log: ContainerLog,
    private readonly index: PlanIndex,
  ) {}

  /** Stores the lines of a verdict and returns the fact that numbers them; null if there are none, or they were not stored. */
  async write(judged: PolicyJudged): Promise<Fact | null> {
    const { step } = judged;
    const { node } = nodeAt(this.index, step);
    const policy = node.kind === 'gate' ? this.index.plan.policies.find(({ id }) => id === node.policy) : undefined;
    if (node.kind !== 'gate' || !policy || (judged.allow && !judged.undecided)) return null;
    const level: LogLevel = endsRun(policy, node) ? 'error' : 'warn';
    return this.log.write(step, level, linesOf(verdictOf(policy, judged), node), 'POLICY_LOG_LOST');
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
