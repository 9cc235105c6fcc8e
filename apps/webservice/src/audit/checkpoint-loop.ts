import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SignCheckpoints } from '@taskrunner/core/operations';

/** Settings for signing checkpoints. */
export abstract class CheckpointSetting {
  /** Minimum time between two checkpoints of a tenant, milliseconds. */
  abstract readonly every: number;
}

const LONGEST_PAUSE_MS = 60_000;

/**
 * Signs checkpoints of the tenants' audit chains. Every webservice with the key may do so: of two checkpoints for the same entry, one is
 * kept.
 */
@Injectable()
export class CheckpointLoop implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('audit');
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  /** `sign`: null without a key of usage `checkpoint`. */
  constructor(
    @Inject(SignCheckpoints) private readonly sign: SignCheckpoints | null,
    private readonly setting: CheckpointSetting,
  ) {}

  onApplicationBootstrap(): void {
    if (this.sign) this.ended = this.loop(this.sign);
    else
      this.logger.warn({
        event: 'audit.no-checkpoints',
        reason:
          'no key of usage checkpoint (keys.checkpoint) is configured: removed entries cannot be detected from outside',
      });
  }

  /** Waits for the current round; no other begins. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async loop(sign: SignCheckpoints): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.turn(sign);
      // Replicas that start together should not stay synchronised.
      const pause = Math.min(this.setting.every, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 4);
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async turn(sign: SignCheckpoints): Promise<void> {
    try {
      const { broken } = await sign.turn();
      for (const { tenant, entry } of broken)
        this.logger.error({
          event: 'audit.chain-broken',
          tenant,
          entry,
          reason: 'the entries do not continue from the last checkpoint; no checkpoint is signed for them',
        });
    } catch (error) {
      this.logger.error({
        event: 'audit.unavailable',
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
