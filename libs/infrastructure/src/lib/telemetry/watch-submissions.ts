import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { SubmitRun } from '@taskrunner/core/operations';
import { RunStore, type Created, type NewRun, type Posted } from '@taskrunner/core/ports';
import type { Tracing } from './tracing';

/** Stores the trace of the submission with each run, so that the worker that drives it continues the trace. */
export class WatchedRunStore extends RunStore {
  constructor(
    private readonly inner: RunStore,
    private readonly tracing: Tracing,
  ) {
    super();
  }

  stamp(): Promise<{ readonly at: number; readonly runId: RunId }> {
    return this.inner.stamp();
  }

  create(run: NewRun): Promise<Created> {
    const traceContext = this.tracing.traceparent();
    return this.inner.create(traceContext === null ? run : { ...run, traceContext });
  }

  replayed(tenant: TenantId, idempotency: NonNullable<NewRun['idempotency']>): Promise<RunId | null> {
    return this.inner.replayed(tenant, idempotency);
  }

  post(...message: Parameters<RunStore['post']>): Promise<Posted> {
    return this.inner.post(...message);
  }
}

/** Wraps submissions in spans, which include planning and signing. */
export function watchSubmit(submit: SubmitRun, tracing: Tracing): SubmitRun {
  const watched = Object.create(submit) as SubmitRun;
  watched.submit = (principal, submission) =>
    tracing.span('run.submit', {}, async (span) => {
      const submitted = await submit.submit(principal, submission);
      span.setAttributes({ 'taskrunner.run.id': submitted.runId, 'taskrunner.replayed': submitted.replayed });
      return submitted;
    });
  return watched;
}
