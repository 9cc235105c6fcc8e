import type { Digest } from '@taskrunner/core/foundation';
import type { ProbeDocuments } from '@taskrunner/core/ports';

/** Sandboxes that can be probed again. */
interface ProbedSandboxes {
  readonly documents: ReadonlyMap<Digest, string>;
  /** Probes again; true if it has come out otherwise. */
  again(): Promise<boolean>;
}

/** The probes of the sandboxes of a worker, and their documents. */
export class SandboxProbes {
  constructor(
    private readonly sandboxes: ProbedSandboxes,
    private readonly documents: ProbeDocuments,
    /** Says what cannot be enforced, and why. */
    readonly sayRefused: () => void,
  ) {}

  /** Keeps the documents of all probes so far: runs name the one under which they were claimed. */
  async keep(): Promise<void> {
    await this.documents.keep(this.sandboxes.documents);
  }

  /** Probes again, and keeps the documents if it has come out otherwise; then true. */
  async again(): Promise<boolean> {
    if (!(await this.sandboxes.again())) return false;
    await this.keep();
    return true;
  }
}
