import { sha256 } from '@taskrunner/core/canonical';
import type { AdmissionRecord, Envelope } from '@taskrunner/core/evidence';
import type { Digest } from '@taskrunner/core/foundation';
import { forecastRuns, partsOf } from '@taskrunner/core/operations';
import type { Environment } from '@taskrunner/core/plan';
import type { WorkerSession, ParkedKind, RunEnvironments } from '@taskrunner/core/ports';
import { unmetOfEnvironment, UNMET_PARTS, type Unmet, type WorkerMeans } from '@taskrunner/core/publisher';
import { FailureLog, reasonOf } from '../reporting/failure-log';
import type { WorkerLog } from '../reporting/worker-log';
import { UPKEEP_AFTER_MS } from './upkeep-start';

interface HonourDependencies {
  readonly environments: RunEnvironments;
  readonly means: () => WorkerMeans;
  /** Digests of the environments of the worker's own configuration whose sandbox the probe has shown to hold. */
  readonly own: () => readonly Digest[];
  readonly openAdmission: (envelope: Envelope) => AdmissionRecord | null;
  /** The worker claims runs of these environments from now on. */
  readonly onHonoured: (environments: readonly Digest[]) => Promise<void>;
}

/** Number of runs that wait for a worker with a certain part of an environment, and how long the oldest has waited, seconds. */
interface UnhonouredCount {
  readonly part: string;
  readonly runs: number;
  readonly oldestSeconds: number;
}

/**
 * Finds the environments with which runs were admitted, and lets the worker claim those that it can honour, even if their digests differ
 * from its own. Runs that nobody can honour are marked. Once per process it searches the sleeping runs for those that its configuration
 * stops.
 */
export class HonourLoop {
  private readonly verdicts = new Map<Digest, readonly Unmet[]>();
  private workerSession: WorkerSession | null = null;
  private honoured: readonly Digest[] = [];
  private isStopping = false;
  private hasLookedThrough = false;
  private found = countsOf([]);
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly dependencies: HonourDependencies,
    private readonly log: WorkerLog,
    private readonly intervalMs: number,
  ) {}

  /** Runs of the whole installation that wait for a worker that can honour them, according to the last query. */
  get counts(): readonly UnhonouredCount[] {
    return this.found;
  }

  start(workerSession: WorkerSession): void {
    this.workerSession = workerSession;
    this.isStopping = false;
    this.honoured = this.dependencies.own();
    this.loop = this.lookForever(workerSession);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.workerSession = null;
    await this.loop;
  }

  /** The probe has another result: all earlier findings are discarded. */
  forget(): void {
    this.verdicts.clear();
    this.honoured = this.dependencies.own();
  }

  /** True if this worker, in its current state, can drive runs of an environment, given by its text. */
  honours(text: string): boolean {
    return this.unmetOfText(sha256(text), text).length === 0;
  }

  private async lookForever(workerSession: WorkerSession): Promise<void> {
    const failures = new FailureLog(this.log, { failed: 'environments.not-read', works: 'environments.read-again' });
    await this.sleep(UPKEEP_AFTER_MS);
    while (!this.isStopping) {
      try {
        await this.look(workerSession);
        if (!this.hasLookedThrough) await this.lookThrough();
        this.hasLookedThrough = true;
        failures.works();
      } catch (error) {
        failures.failed(reasonOf(error), { error });
      }
      await this.sleep(this.intervalMs);
    }
  }

  private async sleep(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !this.isStopping; left -= SLEEP_MS) await pause(SLEEP_MS);
  }

  /** Performs one round. */
  async look(workerSession: WorkerSession): Promise<void> {
    const { environments, own } = this.dependencies;
    const waiting = await environments.waiting([...this.verdicts.keys()]);
    for (const { digest, text } of waiting) if (text !== null) this.unmetOfText(digest, text);
    const honoured = new Set(own());
    const unhonoured = [];
    for (const { digest, tenants } of waiting) {
      const unmet = this.verdicts.get(digest) ?? [];
      if (honoured.has(digest)) continue;
      if (unmet.length === 0) honoured.add(digest);
      else unhonoured.push({ digest, tenants, parts: partsOf(unmet) });
    }
    if (this.isStopping || workerSession !== this.workerSession) return;
    if (honoured.size !== this.honoured.length || this.honoured.some((digest) => !honoured.has(digest))) {
      this.honoured = [...honoured];
      await this.dependencies.onHonoured(this.honoured);
    }
    for (const { tenant, runId, parts, since } of await environments.mark(workerSession, unhonoured))
      this.log.say('warn', 'run.unhonoured', { runId, tenant, parts, since: new Date(since).toISOString() });
    const back = await environments.unmark(workerSession);
    if (back > 0) this.log.say('info', 'runs.honoured', { runs: back });
    this.found = countsOf(await environments.unhonoured());
  }

  /** Makes sleeping runs due that this configuration stops, so that the next claim ends them instead of waiting for their time. */
  private async lookThrough(): Promise<void> {
    let last: ParkedKind | null = null;
    for (;;) {
      const kinds = await this.dependencies.environments.parked(this.dependencies.own(), last);
      for (const kind of kinds) {
        const parts = this.stoppingParts(kind);
        if (parts === null) continue;
        const runs = await this.dependencies.environments.wake(kind);
        const { tenant, contentDigest } = kind;
        this.log.say('warn', 'runs.stopped-by-configuration', { tenant, content: contentDigest, parts, runs });
      }
      last = kinds.at(-1) ?? null;
      if (last === null || this.isStopping) return;
    }
  }

  /** Null: it is not stopped, or its records do not hold, which its next owner reports. */
  private stoppingParts(kind: ParkedKind): string | null {
    const admission = this.dependencies.openAdmission(kind.admission);
    if (admission === null) return null;
    try {
      const forecast = forecastRuns(kind, admission, this.dependencies.means());
      return forecast.kind === 'stops' ? forecast.part : null;
    } catch (error) {
      this.log.say('warn', 'environment.unreadable', { digest: sha256(kind.environment), error });
      return null;
    }
  }

  /** Nobody honours an invalid environment. Its author does not keep a worker from looking at the others. */
  private unmetOfDocument(text: string): readonly Unmet[] {
    try {
      return unmetOfEnvironment(JSON.parse(text) as Environment, this.dependencies.means());
    } catch (error) {
      this.log.say('warn', 'environment.unreadable', { digest: sha256(text), error });
      return NOT_IT;
    }
  }

  private unmetOfText(digest: Digest, text: string): readonly Unmet[] {
    const known = this.verdicts.get(digest);
    if (known) return known;
    const unmet = sha256(text) === digest ? this.unmetOfDocument(text) : NOT_IT;
    this.verdicts.set(digest, unmet);
    if (this.verdicts.size > KEPT) this.verdicts.delete(this.verdicts.keys().next().value as Digest);
    return unmet;
  }
}

const SLEEP_MS = 250;
const KEPT = 1_000;
const NOT_IT: readonly Unmet[] = [
  { part: 'document', detail: 'the stored document does not match its digest', stops: null },
];

/** One count for each part, including zero. A run that lacks two parts counts for both. */
function countsOf(
  rows: readonly { readonly parts: string; readonly runs: number; readonly oldestMs: number }[],
): readonly UnhonouredCount[] {
  return UNMET_PARTS.map((part) => {
    const ofPart = rows.filter(({ parts }) => parts.split(',').includes(part));
    const runs = ofPart.reduce((sum, row) => sum + row.runs, 0);
    const oldestSeconds = Math.max(0, ...ofPart.map(({ oldestMs }) => oldestMs)) / 1_000;
    return { part, runs, oldestSeconds };
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
