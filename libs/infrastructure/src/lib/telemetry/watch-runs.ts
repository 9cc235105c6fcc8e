import type { Driven, Attested } from '@taskrunner/core/operations';
import type { ClaimedRun, OutboxItem } from '@taskrunner/core/ports';
import type { Metrics } from './metrics';
import type { Tracing } from './tracing';

/** Telemetry of driving or sealing a run: a span in the trace of the run's submission, and its outcome. */
export interface RunWatch {
  drive(run: ClaimedRun, work: () => Promise<Driven | 'failed'>): Promise<Driven | 'failed'>;
  attest(item: OutboxItem, work: () => Promise<Attested>): Promise<Attested>;
}

export function watchRuns(tracing: Tracing, metrics: Metrics): RunWatch {
  return {
    drive: (run, work) => {
      const attributes = { 'taskrunner.run.id': run.runId, 'taskrunner.fence': run.fence };
      const setting = { kind: 'consumer', parent: run.traceContext ?? null, attributes } as const;
      const of = { runId: run.runId, submission: run.traceContext };
      return tracing.ofRun(of, 'run.drive', setting, async (span) => {
        const outcome = await work();
        span.setAttribute('taskrunner.outcome', outcome);
        if (outcome === 'failed' || outcome === 'halted') span.setStatus({ code: 2, message: outcome });
        metrics.add('taskrunner_drives_total', 1, { outcome });
        return outcome;
      });
    },
    attest: (item, work) => {
      const begun = performance.now();
      const attributes = { 'taskrunner.run.id': item.runId, 'taskrunner.tries': item.tries };
      const setting = { kind: 'consumer', parent: item.traceContext ?? null, attributes } as const;
      const of = { runId: item.runId, submission: item.traceContext };
      return tracing.ofRun(of, 'run.attest', setting, async (span) => {
        const attested = await work();
        span.setAttribute('taskrunner.outcome', attested.kind);
        const seconds = (performance.now() - begun) / 1_000;
        metrics.record('taskrunner_attest_duration_seconds', seconds, { outcome: attested.kind });
        const isAlarm = attested.kind === 'blocked' || (attested.kind === 'sealed' && attested.withheld.length > 0);
        if (isAlarm) metrics.add('taskrunner_alarms_total', 1);
        return attested;
      });
    },
  };
}
