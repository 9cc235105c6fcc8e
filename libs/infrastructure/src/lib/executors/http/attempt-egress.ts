import { boundRules, writeEgressLog, type EgressAttempt, type EgressRule } from '@taskrunner/core/egress';
import { environmentRules, rulesOfStep, type Environment } from '@taskrunner/core/plan';
import type {
  ExecutionReport,
  ExecutionRequest,
  ObjectStore,
  Outcome,
  EgressWay,
  StepEgress,
} from '@taskrunner/core/ports';
import { documentsOf } from '../step/admitted-documents';
import { refusal } from '../step/executor-error';
import { failed } from '../step/outcome';

/** Maximum bytes of a log. The proxy closes a socket long before. */
const MAX_LOG_BYTES = 64 * 1024 * 1024;
/** How often an attempt is handed over because the proxy died. After that the step is taken to be the cause. */
const MAX_LOSSES = 3;
const REMEMBERED = 1_000;

/**
 * The network access of one execution: opened under the admitted rules, closed with a log in the object store and a fact in the journal.
 */
export class AttemptEgress {
  private readonly losses = new Map<string, number>();

  /**
   * `dependencies` null: this worker has no proxy, and steps that need one are refused. `allow`: this worker's own `sealedMode.allow`. A
   * run gets nothing beyond it, whatever it was admitted with, because the admission does not decide the limits of this worker's network.
   */
  constructor(
    private readonly dependencies: StepEgress | null,
    private readonly objects: ObjectStore,
    private readonly allow: readonly EgressRule[],
  ) {}

  /** Permitted destinations for the step of this request. */
  rules({ run, node }: ExecutionRequest): readonly EgressRule[] {
    if (node.egress.length === 0 && node.uses !== 'builtin:http') return [];
    const { plan, profile } = documentsOf(run);
    return rulesOfStep(plan, profile, node);
  }

  /** Null: the step declares no destination and gets no network. */
  async open(request: ExecutionRequest): Promise<OpenEgress | null> {
    const rules = this.rules(request);
    if (rules.length === 0) return null;
    if (this.dependencies === null) throw refusal('EGRESS_UNAVAILABLE', 'this worker has no egress proxy');
    const { mode } = JSON.parse(request.run.environment) as Pick<Environment, 'mode'>;
    const supplied = boundRules(rules, environmentRules({ mode }, this.allow));
    // The log names the rules of the step's admission. Rules that this worker does not allow appear in it as denied.
    return new OpenEgress(await this.dependencies.open(supplied), rules);
  }

  /** Closes the socket, stores its log, and journals it. False: the proxy was lost, and the outcome of the attempt is not evidence. */
  async close(open: OpenEgress, request: ExecutionRequest, report: ExecutionReport): Promise<boolean> {
    const { attempts, lost } = await open.way.close();
    await this.keep(request, report, open.rules, [...attempts, ...open.denied]);
    return !lost;
  }

  /** Stores the log in the object store and its digest in the journal. */
  async keep(
    { run, step, execution, redactor, storage }: ExecutionRequest,
    report: ExecutionReport,
    rules: readonly EgressRule[],
    attempts: readonly EgressAttempt[],
  ): Promise<void> {
    const text = new TextEncoder().encode(writeEgressLog(rules, attempts.map(redacted(redactor))));
    const { digest } = await storage.keep(() => this.objects.put(run.tenant, once(text), { maxBytes: MAX_LOG_BYTES }));
    const allowed = attempts.filter((attempt) => attempt.allowed).length;
    report.fact({ type: 'egress.closed', step, execution, allowed, denied: attempts.length - allowed, log: digest });
  }

  /** The outcome of an attempt whose proxy died: it is handed over, and after several times it has failed. It never succeeds. */
  outcomeOfLoss({ run, step, attempt }: ExecutionRequest): Outcome {
    const key = `${run.runId} ${step} ${attempt}`;
    const count = (this.losses.get(key) ?? 0) + 1;
    this.losses.delete(key);
    this.losses.set(key, count);
    if (this.losses.size > REMEMBERED) this.losses.delete(this.losses.keys().next().value as string);
    if (count < MAX_LOSSES) return { kind: 'lost', reason: 'EGRESS_LOST' };
    return failed('EGRESS_LOST', `the egress proxy failed ${count} times in this attempt`, true);
  }
}

/** An open socket, and the requests that the executor itself refused to send through it. */
export class OpenEgress {
  readonly denied: EgressAttempt[] = [];

  constructor(
    readonly way: EgressWay,
    readonly rules: readonly EgressRule[],
  ) {}
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** A denied name is data that a step tried to send out, so secrets in it are redacted. Allowed names are listed ones. */
function redacted(redactor: ExecutionRequest['redactor']) {
  const text = (name: string | null): string | null => name && redactor.text(name);
  return (attempt: EgressAttempt): EgressAttempt =>
    attempt.allowed ? attempt : { ...attempt, host: text(attempt.host), sni: text(attempt.sni) };
}
