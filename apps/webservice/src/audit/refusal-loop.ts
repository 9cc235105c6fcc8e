import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { TenantId } from '@taskrunner/core/foundation';
import { RefusalTally, type RefusedRequest } from '@taskrunner/core/operations';
import { AuditChain } from '@taskrunner/core/ports';

/** How refused requests get into audit chains. */
export abstract class RefusalSetting {
  /** How often they are written, milliseconds. */
  abstract readonly every: number;
  /** Entries of one chain, each time, that name who asked. */
  abstract readonly most: number;
  /** The tenant whose chain has the refusals of callers that no token names; null: the chain of the installation. */
  abstract readonly tenant: TenantId | null;
}

/** Counts refused requests, and writes what was counted into the audit chains from time to time: a flood of them makes a few entries. */
@Injectable()
export class RefusalLoop implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('audit');
  private readonly stopping = new AbortController();
  private readonly tally: RefusalTally;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly chain: AuditChain,
    private readonly setting: RefusalSetting,
  ) {
    this.tally = new RefusalTally(setting.most, setting.tenant ?? undefined);
  }

  add(refusal: RefusedRequest): void {
    this.tally.add(refusal);
  }

  onApplicationBootstrap(): void {
    this.ended = this.loop();
  }

  /** What was counted last is written. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.ended;
    await this.write();
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      await delay(this.setting.every, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await this.write();
    }
  }

  /** What cannot be written is told instead: it stands in the log too, each refusal for itself. */
  private async write(): Promise<void> {
    for (const { tenant, events } of this.tally.take()) {
      try {
        await this.chain.append(tenant, events);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.error({ event: 'audit.refusals-lost', tenant, entries: events.length, reason });
      }
    }
  }
}
