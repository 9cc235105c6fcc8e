import { Inject, Injectable, Logger } from '@nestjs/common';
import { SignCheckpoints } from '@taskrunner/core/operations';
import { RepeatedWork } from '../repeated-work';

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
export class CheckpointLoop extends RepeatedWork {
  /** `sign`: null without a key of usage `checkpoint`. */
  constructor(
    @Inject(SignCheckpoints) private readonly sign: SignCheckpoints | null,
    private readonly setting: CheckpointSetting,
  ) {
    super(new Logger('audit'), { failed: 'audit.unavailable', works: 'audit.available' });
  }

  override onApplicationBootstrap(): void {
    if (this.sign) super.onApplicationBootstrap();
    else
      this.logger.warn({
        event: 'audit.no-checkpoints',
        reason:
          'no key of usage checkpoint (keys.checkpoint) is configured: removed entries cannot be detected from outside',
      });
  }

  protected async turn(): Promise<boolean> {
    for (const { tenant, entry } of (await this.sign?.turn())?.broken ?? [])
      this.logger.error({
        event: 'audit.chain-broken',
        tenant,
        entry,
        reason: 'the entries do not continue from the last checkpoint; no checkpoint is signed for them',
      });
    return false;
  }

  /** Replicas that start together should not sign together for ever. */
  protected pause(): number {
    return Math.min(this.setting.every, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 4);
  }
}
