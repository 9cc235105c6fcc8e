import { attestRun, type Attested, type AttestHands, type OutboxItem } from '@taskrunner/core';
import type { WorkerLog } from './worker-log';

const LEASE_MS = 120_000;

/** Around the sealing of each run: telemetry. */
export type AttestWatch = (item: OutboxItem, work: () => Promise<Attested>) => Promise<Attested>;

/** Seals runs that have ended: takes outbox items, one after the other, until told to stop. */
export class AttestLoop {
  private stopping = false;
  private hint: () => void = () => undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly hands: AttestHands,
    private readonly log: WorkerLog,
    private readonly intervalMs: number,
    private readonly watch: AttestWatch = (_item, work) => work(),
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
      try {
        const items = await this.hands.outbox.take('attest', 1, LEASE_MS);
        taken = items.length;
        for (const item of items) {
          const attested = await this.watch(item, () => attestRun(this.hands, item));
          const level = attested.kind === 'pending' ? 'warn' : attested.kind === 'blocked' ? 'error' : 'info';
          this.log.say(level, 'run.attested', { runId: item.runId, tenant: item.tenant, ...attested });
          this.alarm(item, attested);
        }
      } catch (error) {
        this.log.say('warn', 'attest.failed', { error });
      }
      if (taken === 0) await this.idle();
    }
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
