import type { Claims, WorkerSession } from '@taskrunner/core/ports';
import type { Capabilities } from './capabilities';

/** The worker's rows, one per session. */
export class Registration {
  private session: WorkerSession | null = null;

  constructor(
    private readonly claims: Claims,
    private readonly capabilities: Capabilities,
  ) {}

  /** Begins a session. */
  async begin(): Promise<WorkerSession> {
    this.session = await this.claims.register(this.capabilities.description);
    return this.session;
  }

  /** Updates what this worker can do. */
  async describe(): Promise<void> {
    if (this.session) await this.claims.describe(this.session, this.capabilities.description);
  }

  /** Ends the last session: others may claim its runs. */
  async retire(): Promise<void> {
    if (this.session) await this.claims.retire(this.session);
  }
}
