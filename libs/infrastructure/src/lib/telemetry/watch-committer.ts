import { runEnds, stepEnds } from '@taskrunner/core/foundation';
import { Committer, type Commit, type Committed } from '@taskrunner/core/ports';
import type { JsonLog } from './json-log';
import type { Metrics } from './metrics';

const ENDS: ReadonlySet<string> = new Set(stepEnds);

/** Counts committed decisions, after they are durable. */
export class WatchedCommitter extends Committer {
  constructor(
    private readonly inner: Committer,
    private readonly metrics: Metrics,
    private readonly log: JsonLog,
  ) {
    super();
    for (const status of runEnds) metrics.add('taskrunner_runs_ended_total', 0, { status });
  }

  async commit(commit: Commit): Promise<Committed> {
    const begun = performance.now();
    const committed = await this.inner.commit(commit);
    const seconds = (performance.now() - begun) / 1_000;
    this.metrics.record('taskrunner_commit_duration_seconds', seconds, { outcome: committed.kind });
    if (committed.kind === 'committed') this.count(commit);
    return committed;
  }

  private count({ run, changes, runId, tenant }: Commit): void {
    if (run.finishedAt !== null) this.metrics.add('taskrunner_runs_ended_total', 1, { status: run.status });
    const ended = new Map<string, number>();
    for (const { step, kind, status } of changes) {
      if (status === 'needs_attention') {
        this.metrics.add('taskrunner_attentions_total', 1);
        this.log.say('warn', 'step.needs-attention', { runId, tenant, step });
      }
      if (!ENDS.has(status)) continue;
      const key = `${kind} ${status}`;
      ended.set(key, (ended.get(key) ?? 0) + 1);
    }
    for (const [key, count] of ended) {
      const [kind = '', status = ''] = key.split(' ');
      this.metrics.add('taskrunner_steps_ended_total', count, { kind, status });
    }
  }
}
