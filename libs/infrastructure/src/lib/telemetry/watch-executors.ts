import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import type { Metrics } from './metrics';
import type { Tracing } from './tracing';

/** An executor that records a span for each execution, below that of the run's drive, and counts executions by outcome. */
class WatchedExecutor extends Executor {
  constructor(
    private readonly uses: string,
    private readonly inner: Executor,
    private readonly tracing: Tracing,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    const { run, step, attempt, execution } = request;
    const begun = performance.now();
    const done = (outcome: string): void => {
      const labels = { uses: this.uses, outcome };
      this.metrics.record('taskrunner_execution_duration_seconds', (performance.now() - begun) / 1_000, labels);
    };
    const attributes = {
      'taskrunner.run.id': run.runId,
      'taskrunner.step.id': step,
      'taskrunner.attempt': attempt,
      'taskrunner.execution': execution,
      'taskrunner.uses': this.uses,
    };
    // Also of a run that another worker drives.
    const of = { runId: run.runId, submission: run.traceContext };
    return this.tracing.ofRun(of, 'step.execute', { attributes }, async (span) => {
      try {
        const outcome = await this.inner.execute(request, report);
        span.setAttribute('taskrunner.outcome', outcome.kind);
        // Only the code is recorded, because the message may be output of a step.
        if (outcome.kind === 'failed') span.setStatus({ code: 2, message: outcome.code });
        done(outcome.kind);
        return outcome;
      } catch (error) {
        done('threw');
        throw error;
      }
    });
  }
}

/** Wraps every executor of a worker for telemetry. */
export function watchExecutors(
  executors: ReadonlyMap<string, Executor>,
  tracing: Tracing,
  metrics: Metrics,
): ReadonlyMap<string, Executor> {
  return new Map(
    [...executors].map(([uses, executor]) => [uses, new WatchedExecutor(uses, executor, tracing, metrics)]),
  );
}
