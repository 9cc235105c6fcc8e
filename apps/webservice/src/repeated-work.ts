import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';

/** Pause before the first turn, milliseconds: the first requests come before. */
const FIRST_AFTER_MS = 500;

/** Work that is done again and again while the application runs. At its end the turn under way ends, and none begins. */
export abstract class RepeatedWork implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  /** Reasons of failures since the last turn that succeeded. Each is logged once, because an outage lasts for many turns. */
  private readonly reasons = new Set<string>();

  /** `failed`: the event that is logged where turns reject. `works`: the event that is logged when a turn succeeds after that. */
  constructor(
    protected readonly logger: Logger,
    private readonly events: { readonly failed: string; readonly works: string },
  ) {}

  /** True: the next one follows at once. */
  protected abstract turn(): Promise<boolean>;

  /** The pause before the next turn, milliseconds. */
  protected abstract pause(): number;

  onApplicationBootstrap(): void {
    this.ended = this.repeat();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async repeat(): Promise<void> {
    const { signal } = this.stopping;
    const pauseFor = (ms: number): Promise<void> => delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
    await pauseFor(FIRST_AFTER_MS);
    while (!signal.aborted) {
      const isMore = await this.reported();
      if (!isMore) await pauseFor(this.pause());
    }
  }

  private async reported(): Promise<boolean> {
    try {
      const isMore = await this.turn();
      if (this.reasons.size > 0) this.logger.log({ event: this.events.works });
      this.reasons.clear();
      return isMore;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.reasons.has(reason)) this.logger.error({ event: this.events.failed, reason });
      this.reasons.add(reason);
      return false;
    }
  }
}
