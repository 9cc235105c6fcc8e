import { attestRun, IdlePause, SerialQueue, type Attested, type AttestDependencies } from '@taskrunner/core/operations';
import type { OutboxItem } from '@taskrunner/core/ports';
import { alarmOf } from '@taskrunner/core/stored';
import type { Alarm } from '../reporting/alarm';
import { Duties } from './duties';
import type { WorkerLog } from '../reporting/worker-log';

const LEASE_MS = 30_000;
/** A bundle near its largest size takes longer to make than a lease lasts. */
const HOLD_EVERY_MS = LEASE_MS / 4;
/** How long evidence gives way to runs, before it is made beside them until none is left. */
const GIVE_WAY_MS = 5_000;
const GIVE_WAY_STEP_MS = 100;

/** Around the sealing of each run: telemetry. */
type AttestWatch = (item: OutboxItem, work: () => Promise<Attested>) => Promise<Attested>;

/** Settings of the loop. */
interface AttestSettings {
  /** How often it looks for runs that nobody told it of. */
  readonly intervalMs: number;
  /** Runs that are sealed at once. */
  readonly atOnce: number;
  /** True while the object store is away: bundles wait for it. */
  readonly isAway?: () => boolean;
}

/**
 * Seals runs that have ended: takes outbox items, a few at once, until told to stop: most of a seal's time is waiting for a disk. While many
 * runs are driven it gives way to them, for a while: somebody waits for a run, nobody for its evidence within seconds.
 */
export class AttestLoop {
  private readonly sealing = new Set<Promise<void>>();
  private readonly largeRuns = new SerialQueue();
  private stopping = false;
  private gaveWayAt: number | null = null;
  private readonly idle = new IdlePause();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly dependencies: AttestDependencies,
    private readonly log: WorkerLog,
    private readonly settings: AttestSettings,
    private readonly watch: AttestWatch = (_item, work) => work(),
    /** True while runs need this worker more. */
    private readonly isBusy: () => boolean = () => false,
    private readonly duties = new Duties(log),
    private readonly onAlarm: (alarm: Alarm) => void = (alarm) => log.say('error', 'alarm', { ...alarm }),
  ) {}

  start(): void {
    this.stopping = false;
    this.loop = this.attestForever();
  }

  /** A run has ended: look now. */
  wake(): void {
    this.idle.wake();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.idle.wake();
    await this.loop;
  }

  private async attestForever(): Promise<void> {
    while (!this.stopping) {
      await this.giveWay();
      if (await this.takeSome()) {
        // Several are taken with one commit, so they are asked for when there is room for several.
        while (this.sealing.size > this.settings.atOnce / 2) await Promise.race(this.sealing);
        continue;
      }
      this.gaveWayAt = null;
      await this.idle.of(this.settings.intervalMs);
    }
    await Promise.all(this.sealing);
  }

  /** Begins to seal what is due, as far as there is room. False if nothing is. */
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
      if (!this.duties.refused('seal', error)) this.log.say('warn', 'attest.failed', { error });
    }
  }

  private async attest(item: OutboxItem): Promise<Attested> {
    // One that fails costs nothing but a second seal, which finds the first.
    const hold = (): void => void this.dependencies.outbox.hold(item, LEASE_MS).catch(() => undefined);
    const holding = setInterval(hold, HOLD_EVERY_MS);
    try {
      return await attestRun(this.dependencies, item, { take: (work) => this.serially(work) });
    } finally {
      clearInterval(holding);
    }
  }

  /** A worker that stops waits for what it has begun: what still waited for its turn goes to another. */
  private serially<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.largeRuns.take(async () => {
      if (this.stopping) throw new Error('the worker stops');
      return work();
    });
  }

  private async giveWay(): Promise<void> {
    if (!this.isBusy()) return;
    const since = (this.gaveWayAt ??= performance.now());
    while (!this.stopping && this.isBusy() && performance.now() - since < GIVE_WAY_MS)
      await new Promise((resolve) => setTimeout(resolve, GIVE_WAY_STEP_MS));
  }

  /** A secret came as far as the evidence, or the journal was altered: a file was kept out of the bundle, or the bundle is not made before somebody acts. */
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

/** Reasons of blocked seals begin with their code. */
function codeOf(reason: string): string {
  return /^[A-Z_]+(?=: )/.exec(reason)?.[0] ?? 'SECRET_IN_EVIDENCE';
}
