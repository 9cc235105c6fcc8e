import type { RunProjection } from '../../binding/run-projection';
import { SecretError } from '../../secret/secret-error';
import { refuseSecretInPack } from '../packs/secret-in-pack';
import type { InputQueue } from '../turn/input-queue';
import type { RunMeans } from './post-commit-dispatcher';
import type { Position } from './position';

/** Decides when the driver reads the secrets of the run, and what follows if it cannot. */
export class SecretReading {
  constructor(
    private readonly means: RunMeans,
    private readonly results: RunProjection,
    private readonly position: Position,
    private readonly queue: InputQueue,
  ) {}

  /**
   * The run's first page names the secrets that it begins with. It is committed before anything starts, and they are noted before any gate
   * opens. If one of them occurs in the pack, the run ends with that page.
   */
  async atBeginning(): Promise<void> {
    const { dependencies, run, secrets } = this.means;
    const { results } = this;
    if (secrets.names.every((name) => results.secretVersion(name) !== null)) return;
    if (await this.neverBegins()) return;
    try {
      for (const { name, version } of await secrets.readAll()) {
        if (results.secretVersion(name) !== null) continue;
        this.queue.push({ kind: 'fact', fact: { type: 'note', code: 'SECRET_VERSION', detail: { name, version } } });
      }
      await refuseSecretInPack(dependencies, run, secrets.redactor);
    } catch (error) {
      this.failFor(error);
    }
  }

  /** Input from people is searched for these secrets. A new owner that has started nothing yet does not know them and reads them first. */
  async beforeDecisions(): Promise<void> {
    try {
      await this.means.secrets.readAll();
    } catch (error) {
      this.failFor(error);
    }
  }

  /**
   * Secrets that the run has begun with, as far as they can be read now, are removed from the reason of a cancellation. A cancellation
   * waits for nothing.
   */
  async beforeCancellation(): Promise<void> {
    const { secrets } = this.means;
    if (secrets.names.every((name) => this.results.secretVersion(name) === null)) return;
    await secrets.readAll().catch((error: unknown) => {
      if (!SecretError.is(error)) throw error;
    });
  }

  /** True if the run was cancelled before it began. */
  private async neverBegins(): Promise<boolean> {
    if (this.position.state.phase !== 'queued') return false;
    const { dependencies, run } = this.means;
    const messages = await dependencies.claims.inboxMessages(run.tenant, run.runId, this.position.seen);
    return messages.some(({ input }) => input.type === 'run.cancel-requested');
  }

  /** A run fails without its secrets. */
  private failFor(error: unknown): void {
    if (!SecretError.is(error)) throw error;
    const { code } = error;
    const message = this.means.secrets.redactor.text(error.message);
    this.means.dependencies.alarm(this.means.run, code, message);
    this.queue.push({ kind: 'given', body: { type: 'run.failed', code, step: null, message } });
  }
}
