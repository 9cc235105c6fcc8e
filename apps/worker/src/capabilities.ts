import type { Digest } from '@taskrunner/core/foundation';
import type { WorkerDescription } from '@taskrunner/core/ports';
import type { WorkerMeans } from '@taskrunner/core/publisher';

/** What this worker has for runs, and what it says of itself. */
export class Capabilities {
  private said: WorkerDescription;

  /** Both say what the last probe of the sandboxes has shown. */
  constructor(
    readonly means: () => WorkerMeans,
    private readonly describe: () => WorkerDescription,
  ) {
    this.said = describe();
  }

  /** What this worker says of itself: its row, and evidence of what it drives. */
  get description(): WorkerDescription {
    return this.said;
  }

  /** Digests of the environments that the worker's own configuration gives and its probe holds. */
  own(): readonly Digest[] {
    return this.describe().environments;
  }

  /** The probe has come out otherwise: what it shows now is what this worker says of itself. */
  proven(): WorkerDescription {
    this.said = this.describe();
    return this.said;
  }

  /** Claims runs of these environments from now on. */
  honour(environments: readonly Digest[]): void {
    this.said = { ...this.said, environments };
  }
}
