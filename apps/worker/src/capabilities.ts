import type { Digest } from '@taskrunner/core/foundation';
import type { WorkerDescription } from '@taskrunner/core/ports';
import type { WorkerMeans } from '@taskrunner/core/publisher';

/** The worker's capabilities for runs, and its public description. */
export class Capabilities {
  private said: WorkerDescription;

  /** Both reflect the last probe of the sandboxes. */
  constructor(
    readonly means: () => WorkerMeans,
    private readonly describe: () => WorkerDescription,
  ) {
    this.said = describe();
  }

  /** The description for the worker's row, which is also evidence of the runs that it drives. */
  get description(): WorkerDescription {
    return this.said;
  }

  /** Digests of the environments of the worker's own configuration whose sandbox the probe has shown to hold. */
  own(): readonly Digest[] {
    return this.describe().environments;
  }

  /** Updates the description after a probe with another result. */
  proven(): WorkerDescription {
    this.said = this.describe();
    return this.said;
  }

  /** Claims runs of these environments from now on. */
  honour(environments: readonly Digest[]): void {
    this.said = { ...this.said, environments };
  }
}
