import { attestRun, type Attested, type AttestHands, type OutboxItem } from '@taskrunner/core';
import type { WorkerLog } from './worker-log';

const LEASE_MS = 120_000;
/** A bundle near its largest size takes longer to make than a lease lasts. */
const HOLD_EVERY_MS = LEASE_MS / 4;
/** How long evidence gives way to runs, before it is made beside them until none is left. */
const GIVE_WAY_MS = 5_000;
const GIVE_WAY_STEP_MS = 100;

/** Around the sealing of each run: telemetry. */
export type AttestWatch = (item: OutboxItem, work: () => Promise<Attested>) => Promise<Attested>;

/**
 * Seals runs that have ended: takes outbox items, one after the other, until told to stop. While many runs are driven it gives way to them,
 * for a while: somebody waits for a run, nobody for its evidence within seconds.
 */
export class AttestLoop {
  private stopping = false;
  private gaveWayAt: number | null = null;
  private hint: () => void = () => undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly hands: AttestHands,
    private readonly log: WorkerLog,
    private readonly intervalMs: number,
    private readonly watch: AttestWatch = (_item, work) => work(),
    /** True while runs need this worker more. */
    private readonly isBusy: () => boolean = () => false,
  ) {}

  start(): void {
    this.stopping = false;
    this.loop = this.attestForever();
  }

  /** A run has ended: look now. */
  wake(): void {
    this.hint();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.hint();
    await this.loop;
  }

  private async attestForever(): Promise<void> {
    while (!this.stopping) {
      let taken = 0;
      await this.giveWay();
      try {
        const items = await this.hands.outbox.take('attest', 1, LEASE_MS);
        taken = items.length;
        for (const item of items) {
          const attested = await this.watch(item, () => this.attest(item));
          const level = attested.kind === 'pending' ? 'warn' : attested.kind === 'blocked' ? 'error' : 'info';
          this.log.say(level, 'run.attested', { runId: item.runId, tenant: item.tenant, ...attested });
          this.alarm(item, attested);
        }
      } catch (error) {
        this.log.say('warn', 'attest.failed', { error });
      }
      if (taken > 0) continue;
      this.gaveWayAt = null;
      await this.idle();
    }
  }

  private async attest(item: OutboxItem): Promise<Attested> {
    // One that fails costs nothing but a second seal, which finds the first.
    const hold = (): void => void this.hands.outbox.hold(item, LEASE_MS).catch(() => undefined);
    const holding = setInterval(hold, HOLD_EVERY_MS);
    try {
      return await attestRun(this.hands, item);
    } finally {
      clearInterval(holding);
    }
  }

  private async giveWay(): Promise<void> {
    if (!this.isBusy()) return;
    const since = (this.gaveWayAt ??= performance.now());
    while (!this.stopping && this.isBusy() && performance.now() - since < GIVE_WAY_MS)
      await new Promise((resolve) => setTimeout(resolve, GIVE_WAY_STEP_MS));
  }

  /** A secret came as far as the evidence: it was kept out of the bundle, or keeps the bundle from being made. */
  private alarm({ runId, tenant }: { readonly runId: string; readonly tenant: string }, attested: Attested): void {
    if (attested.kind === 'blocked')
      this.log.say('error', 'alarm', { runId, tenant, code: 'SECRET_IN_EVIDENCE', detail: attested.reason });
    if (attested.kind === 'sealed' && attested.withheld.length > 0)
      this.log.say('error', 'alarm', { runId, tenant, code: 'SECRET_WITHHELD', detail: attested.withheld });
  }

  private async idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.intervalMs);
      this.hint = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
