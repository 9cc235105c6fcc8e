import { Injectable, Logger } from '@nestjs/common';
import type { TenantId } from '@taskrunner/core/foundation';
import { RefusalTally, type RefusedRequest } from '@taskrunner/core/operations';
import { AuditChain } from '@taskrunner/core/ports';
import { RepeatedWork } from '../repeated-work';

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
export class RefusalLoop extends RepeatedWork {
  private readonly tally: RefusalTally;

  constructor(
    private readonly chain: AuditChain,
    private readonly setting: RefusalSetting,
  ) {
    super(new Logger('audit'), 'audit.unavailable');
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
