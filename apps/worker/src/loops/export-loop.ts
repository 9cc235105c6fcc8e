import { isCodedError } from '@taskrunner/core/foundation';
import { deliverDue, exportedFile, pause, type DeliverDependencies, type Delivery } from '@taskrunner/core/operations';
import { FailureLog, reasonOf } from '../reporting/failure-log';
import type { WorkerLog } from '../reporting/worker-log';
import { UPKEEP_AFTER_MS } from './upkeep-start';

const INTERVAL_MS = 1_000;

/**
 * Delivers sealed evidence to the destinations that runs requested. There is a lane for each destination, so that an unavailable one blocks
 * no other, and one lane for requests whose destination is no longer configured. Failures do not affect the seal.
 */
export class ExportLoop {
  private stopping = new AbortController();
  private lanes: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly dependencies: DeliverDependencies,
    private readonly log: WorkerLog,
  ) {}

  start(): void {
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    this.lanes = Promise.all(
      [...this.dependencies.destinations.keys(), null].map((id) => this.deliverForever(id, signal)),
    );
  }

  /** Releases a delivery in progress. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.lanes;
  }

  private async deliverForever(destination: string | null, signal: AbortSignal): Promise<void> {
    const failures = new FailureLog(this.log, { failed: 'export.failed', works: 'export.works-again' });
    await pause(UPKEEP_AFTER_MS, signal);
    while (!signal.aborted) {
      try {
        const delivery = await deliverDue(this.dependencies, destination, signal);
        failures.works({ destination });
        if (delivery) {
          this.report(delivery);
          continue;
        }
      } catch (error) {
        failures.failed(reasonOf(error), { destination, error });
      }
      await pause(INTERVAL_MS, signal);
    }
  }

  private report({ due, settled, error }: Delivery): void {
    const { runId, tenant, destination, tries } = due;
    const level = { delivered: 'info', pending: 'warn', failed: 'error' } as const;
    const { cause } = isCodedError(error) ? error : { cause: error };
    const file = exportedFile(runId);
    this.log.say(level[settled.status], `evidence.export-${settled.status}`, {
      runId,
      tenant,
      destination,
      file,
      tries,
      ...(settled.status === 'delivered' ? {} : { reason: settled.reason }),
      ...(cause ? { error: cause } : {}),
    });
  }
}
