import {
  attestRun,
  AskingPause,
  SerialQueue,
  type Attested,
  type AttestDependencies,
} from '@taskrunner/core/operations';
import type { OutboxItem } from '@taskrunner/core/ports';
import { alarmOf } from '@taskrunner/core/stored';
import type { Alarm } from '../reporting/alarm';
import { Duties } from './duties';
import { UPKEEP_AFTER_MS } from './upkeep-start';
import type { WorkerLog } from '../reporting/worker-log';

const LEASE_MS = 30_000;
/** Building a bundle near the maximum size takes longer than a lease, and than the time for which others leave a run to its worker. */
const HOLD_EVERY_MS = LEASE_MS / 10;
/** A seal that failed is tried again after this time, then after twice that, and so on until the lease, milliseconds. */
const AGAIN_MS = 2_000;
/** How long sealing yields to runs before it proceeds beside them until nothing is left, milliseconds. */
const GIVE_WAY_MS = 5_000;
const GIVE_WAY_STEP_MS = 10;
/**
 * Number of ends within this time, milliseconds, that show a worker with many runs. Between two claims it may drive few for a moment, and
 * seals that begin then hold up the runs of the next claim.
 */
const MANY_ENDS = { count: 5, withinMs: 12 };

/**
 * While runs end one right after the other, at most `withinMs` apart, seals wait for up to `yieldMs`, milliseconds: the seal of a run would
 * hold up the next one, and several seals together take less time than one after the other.
 */
const SEQUENCE = { withinMs: 50, yieldMs: 250 };

/** Called around the sealing of each run, for telemetry. */
type AttestWatch = (item: OutboxItem, work: () => Promise<Attested>) => Promise<Attested>;

/** Settings of the loop. */
interface AttestSettings {
  /** Interval of polling for runs about which it was not notified, milliseconds. */
  readonly intervalMs: number;
  /** Maximum number of runs that are sealed concurrently. */
  readonly atOnce: number;
  /** True while the object store is unavailable: bundles wait for it. */
  readonly isAway?: () => boolean;
}

/**
 * Seals ended runs. It takes outbox items, some at once because a seal waits for the database and for a disk, until it is stopped. While
 * many runs are driven it yields to them for a while, because people wait for runs, but not for evidence within seconds.
 */
export class AttestLoop {
  private readonly sealing = new Set<Promise<void>>();
  private readonly largeRuns = new SerialQueue();
  private stopping = false;
  private gaveWayAt: number | null = null;
  /** When the last runs ended, oldest first, monotonic milliseconds. */
  private readonly ends: number[] = [];
  private readonly idle = new AskingPause();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly dependencies: AttestDependencies,
    private readonly log: WorkerLog,
    private readonly settings: AttestSettings,
    private readonly watch: AttestWatch = (_item, work) => work(),
    /** True while runs need this worker's capacity. */
    private readonly isBusy: () => boolean = () => false,
    private readonly duties = new Duties(log),
    private readonly onAlarm: (alarm: Alarm) => void = (alarm) => log.say('error', 'alarm', { ...alarm }),
  ) {}

  start(): void {
    this.stopping = false;
    this.loop = this.attestForever();
  }

  /** A run has ended: poll now. */
  wake(): void {
    this.ends.push(performance.now());
    if (this.ends.length > MANY_ENDS.count) this.ends.shift();
    this.idle.wake();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.idle.wake();
    await this.loop;
  }

  private async attestForever(): Promise<void> {
    await this.idle.of(UPKEEP_AFTER_MS);
    while (!this.stopping) {
      await this.giveWay();
      if (await this.takeSome()) {
        // Several items are taken with one commit, so the query waits until there is room for several.
        while (this.sealing.size > this.settings.atOnce / 2) await Promise.race(this.sealing);
        continue;
      }
      this.gaveWayAt = null;
      await this.idle.of(this.settings.intervalMs);
    }
    await Promise.all(this.sealing);
  }

  /** Begins to seal due runs as far as there is room. False if nothing is due. */
  private async takeSome(): Promise<boolean> {
    if (this.settings.isAway?.() === true) return false;
    try {
      const items = await this.dependencies.outbox.take('attest', this.settings.atOnce - this.sealing.size, LEASE_MS);
      for (const item of items) {
        const seal = this.seal(item).finally(() => this.sealing.delete(seal));
        this.sealing.add(seal);
      }
      this.duties.done('attest');
      return items.length > 0;
    } catch (error) {
      this.duties.failed('attest', error);
      return false;
    }
  }

  private async seal(item: OutboxItem): Promise<void> {
    try {
      const attested = await this.watch(item, () => this.attest(item));
      const level = attested.kind === 'pending' ? 'warn' : attested.kind === 'blocked' ? 'error' : 'info';
      this.log.say(level, 'run.attested', { runId: item.runId, tenant: item.tenant, ...attested });
      this.alarm(item, attested);
      this.duties.done('seal');
    } catch (error) {
      if (!this.duties.refused('seal', error))
        this.log.say('warn', 'attest.failed', { runId: item.runId, tenant: item.tenant, error });
    }
  }

  private async attest(item: OutboxItem): Promise<Attested> {
    // A failure only costs a second seal, which finds the first.
    const hold = async (ms: number): Promise<void> => this.dependencies.outbox.hold(item, ms).catch(() => undefined);
    let held = Promise.resolve();
    const holding = setInterval(() => {
      held = hold(LEASE_MS);
    }, HOLD_EVERY_MS);
    try {
      return await attestRun(this.dependencies, item, { take: (work) => this.serially(work) });
    } catch (error) {
      clearInterval(holding);
      await held;
      await hold(Math.min(LEASE_MS, AGAIN_MS * 2 ** item.tries));
      throw error;
    } finally {
      clearInterval(holding);
    }
  }

  /** Stops: waits for seals that have begun. Items that still waited go to another worker. */
  private serially<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.largeRuns.take(async () => {
      if (this.stopping) throw new Error('the worker stops');
      return work();
    });
  }

  private async giveWay(): Promise<void> {
    if (this.yieldMs === 0) return;
    const since = (this.gaveWayAt ??= performance.now());
    while (!this.stopping && performance.now() - since < this.yieldMs)
      await new Promise((resolve) => setTimeout(resolve, GIVE_WAY_STEP_MS));
  }

  /** How long seals now wait for runs at most. */
  private get yieldMs(): number {
    if (this.hasMany) return GIVE_WAY_MS;
    return this.isSequence ? SEQUENCE.yieldMs : 0;
  }

  /** True while runs end one right after the other. */
  private get isSequence(): boolean {
    const [before = -Infinity, last = -Infinity] = this.ends.slice(-2);
    return last - before < SEQUENCE.withinMs && performance.now() - last < SEQUENCE.withinMs;
  }

  /** True while many runs are driven, or have ended just now. */
  private get hasMany(): boolean {
    const [first = -Infinity] = this.ends;
    const endedLately = this.ends.length === MANY_ENDS.count && performance.now() - first < MANY_ENDS.withinMs;
    return endedLately || this.isBusy();
  }

  /**
   * Raises alarms: a secret reached the evidence, or the journal was altered. A file was withheld, or the bundle is blocked until a person
   * acts.
   */
  private alarm({ runId, tenant }: { readonly runId: string; readonly tenant: string }, attested: Attested): void {
    if (attested.kind === 'blocked') {
      const code = codeOf(attested.reason);
      const details = attested.altered?.map(alarmOf) ?? [attested.reason];
      for (const detail of details) this.onAlarm({ runId, tenant, code, detail });
    }
    if (attested.kind === 'sealed' && attested.withheld.length > 0)
      this.onAlarm({ runId, tenant, code: 'SECRET_WITHHELD', detail: attested.withheld });
  }
}

/** Reasons of blocked seals begin with a code. */
function codeOf(reason: string): string {
  return /^[A-Z_]+(?=: )/.exec(reason)?.[0] ?? 'SECRET_IN_EVIDENCE';
}
