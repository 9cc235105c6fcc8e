import { sha256 } from '../../lib/canonical/digest';
import { writeEgressLog } from '../../lib/egress/egress-log';
import type { Digest, StepId } from '../../lib/foundation/ids';
import { parseDuration } from '../../lib/pack/model/duration';
import { nodeOf } from '../../lib/plan/place';
import type { Plan } from '../../lib/plan/plan';
import type { Profile } from '../../lib/plan/profile';
import { rulesOfStep } from '../../lib/plan/step-egress';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../lib/ports/step/executor';
import type { Fact } from '../../lib/run/run-event';
import type { Act, Lies, Scenario } from './scenario';

/** What executions left behind beside the journal. */
export interface Left {
  readonly artifacts: Map<Digest, Uint8Array>;
  readonly egress: Map<Digest, string>;
}

/** Performs every step of a scenario as its acts say, and reports as an honest executor does, or as `Lies` say. */
export class Actor extends Executor {
  constructor(
    readonly uses: string,
    private readonly of: {
      readonly scenario: Scenario;
      readonly lies: Lies;
      readonly plan: Plan;
      readonly profile: Profile;
    },
    private readonly left: Left,
  ) {
    super();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    const { step, execution } = request;
    const act = this.actOf(request);
    for (const line of act.lines ?? []) await report.line('info', line);
    for (const fact of this.factsOf(request, act)) report.fact(this.of.lies.fact?.(fact) ?? fact);
    if (act.isLost === true) return { kind: 'lost', reason: `execution ${execution} of ${step}` };
    if (act.fails) return { kind: 'failed', retryable: true, ...act.fails };
    const time = request.with['for'];
    if (this.uses === 'builtin:wait' && typeof time === 'string')
      return { kind: 'deferred', forMs: parseDuration(time) ?? 0 };
    return { kind: 'succeeded', outputs: act.outputs ?? null };
  }

  private actOf({ step, execution, with: bound }: ExecutionRequest): Act {
    const { acts = {} } = this.of.scenario;
    const said = acts[step] ?? acts[nodeOf(step)];
    const own: Act = typeof said === 'function' ? said(execution) : (said ?? {});
    const outputs = this.uses === 'builtin:transform' ? (bound['outputs'] ?? null) : { done: step, with: bound };
    const act: Act = { outputs, ...own };
    return this.of.lies.act?.(step, act) ?? act;
  }

  private factsOf({ step, execution, node }: ExecutionRequest, act: Act): readonly Fact[] {
    const at = { step, execution };
    const facts: Fact[] = [];
    for (const path of act.tools ?? []) facts.push({ type: 'tool.resolved', ...at, path, digest: sha256(path) });
    for (const { path, text } of act.materials ?? [])
      facts.push({ type: 'material.mounted', ...at, path, digest: sha256(text) });
    if (act.reaches) facts.push({ type: 'egress.closed', ...at, ...this.egressOf(step, act.reaches, node) });
    for (const { name, path, text } of act.artifacts ?? []) {
      const bytes = new TextEncoder().encode(text);
      const digest = sha256(bytes);
      this.left.artifacts.set(digest, bytes);
      facts.push({ type: 'artifact.captured', ...at, name, path, digest, size: bytes.length, mediaType: 'text/plain' });
    }
    return facts;
  }

  private egressOf(
    step: StepId,
    hosts: readonly string[],
    node: ExecutionRequest['node'],
  ): { readonly allowed: number; readonly denied: number; readonly log: Digest } {
    const rules = rulesOfStep(this.of.plan, this.of.profile, node);
    const listed = new Set(rules.map(({ host }) => host));
    const attempts = hosts.map((host, i) => {
      const to = { n: i + 1, ms: step.length + i, via: 'connect' as const, host, port: 443 };
      return listed.has(host)
        ? {
            ...to,
            sni: host,
            address: '93.184.216.34',
            sent: 517,
            received: 4_096,
            allowed: true,
            code: 'EGRESS_ALLOWED' as const,
          }
        : { ...to, sni: null, address: null, sent: 0, received: 0, allowed: false, code: 'EGRESS_NOT_LISTED' as const };
    });
    const text = writeEgressLog(rules, attempts);
    const log = sha256(text);
    this.left.egress.set(log, text);
    const allowed = attempts.filter((attempt) => attempt.allowed).length;
    return { allowed, denied: attempts.length - allowed, log };
  }
}
