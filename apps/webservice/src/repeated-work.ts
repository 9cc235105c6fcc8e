import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';

/** Work that is done again and again while the application runs. At its end the turn under way ends, and none begins. */
export abstract class RepeatedWork implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  /** `failed`: the event that is logged where a turn rejects. */
  constructor(
    protected readonly logger: Logger,
    private readonly failed: string,
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
    while (!signal.aborted) {
      const isMore = await this.turn().catch((error: unknown) => {
        this.logger.error({ event: this.failed, reason: error instanceof Error ? error.message : String(error) });
        return false;
      });
      if (!isMore) await delay(this.pause(), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
