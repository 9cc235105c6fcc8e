import { Injectable, Logger } from '@nestjs/common';
import type { TenantId } from '@taskrunner/core/foundation';
import { RefusalTally, type RefusedRequest } from '@taskrunner/core/operations';
import { AuditChain } from '@taskrunner/core/ports';
import { RepeatedWork } from '../repeated-work';

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
export class RefusalLoop extends RepeatedWork {
  private readonly tally: RefusalTally;

  constructor(
    private readonly chain: AuditChain,
    private readonly setting: RefusalSetting,
  ) {
    super(new Logger('audit'), { failed: 'audit.unavailable', works: 'audit.available' });
    this.tally = new RefusalTally(setting.most, setting.tenant ?? undefined);
  }

  add(refusal: RefusedRequest): void {
    this.tally.add(refusal);
  }

  /** What was counted last is written. */
  override async onApplicationShutdown(): Promise<void> {
    await super.onApplicationShutdown();
    await this.turn();
  }

  /** What cannot be written is told instead: it stands in the log too, each refusal for itself. */
  protected async turn(): Promise<boolean> {
    for (const { tenant, events } of this.tally.take()) {
      try {
        await this.chain.append(tenant, events);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.error({ event: 'audit.refusals-lost', tenant, entries: events.length, reason });
      }
    }
    return false;
  }

  protected pause(): number {
    return this.setting.every;
  }
}
