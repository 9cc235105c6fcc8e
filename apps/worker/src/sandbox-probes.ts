import type { Digest } from '@taskrunner/core/foundation';
import type { ProbeDocuments } from '@taskrunner/core/ports';

/** Sandboxes that can be probed again. */
interface ProbedSandboxes {
  readonly documents: ReadonlyMap<Digest, string>;
  /** Repeats the probe; true if its result has changed. */
  again(): Promise<boolean>;
}

/** The probes of the sandboxes of a worker, and their documents. */
export class SandboxProbes {
  constructor(
    private readonly sandboxes: ProbedSandboxes,
    private readonly documents: ProbeDocuments,
    /** Reports what cannot be enforced, and why. */
    readonly sayRefused: () => void,
  ) {}

  /** Stores the documents of all probes so far: runs name the one under which they were claimed. */
  async keep(): Promise<void> {
    await this.documents.keep(this.sandboxes.documents);
  }

  /** Repeats the probes, and stores the documents if a result has changed, in which case it returns true. */
  async again(): Promise<boolean> {
    if (!(await this.sandboxes.again())) return false;
    await this.keep();
    return true;
  }
}
