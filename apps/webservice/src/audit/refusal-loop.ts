import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { TenantId } from '@taskrunner/core/foundation';
import { RefusalTally, type RefusedRequest } from '@taskrunner/core/operations';
import { AuditChain } from '@taskrunner/core/ports';

/** Settings for recording refused requests in audit chains. */
export abstract class RefusalSetting {
  /** Interval of writing, milliseconds. */
  abstract readonly every: number;
  /** Maximum number of entries with a caller, per chain and interval. */
  abstract readonly most: number;
  /** The tenant whose chain records refusals of callers without a tenant; null: the chain of the installation. */
  abstract readonly tenant: TenantId | null;
}

/**
 * Counts refused requests and periodically writes the counts into the audit chains, so that a flood of refusals makes only a few entries.
 */
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

  /** Writes the last counts. */
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

  /** If the counts cannot be written, this is logged. The log has an entry for each refusal too. */
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
