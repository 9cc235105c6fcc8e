import type { SpanContext } from '@opentelemetry/api';

/**
 * Traces of the runs that this process drives or seals, or whose steps it executes, by run. A worker that sends nothing finds a trace here in place of following it through
 * asynchronous work: the hooks of Node.js 20 for that are called at each promise, and take a twelfth of the worker's time.
 */
export class RunTraces {
  private readonly held = new Map<string, { readonly trace: SpanContext; holders: number }>();

  /** Keeps the trace of a run until the returned function is called. Whoever holds a run first says which trace it has. */
  hold(runId: string, traceOf: () => SpanContext): () => void {
    const kept = this.held.get(runId) ?? { trace: traceOf(), holders: 0 };
    kept.holders += 1;
    this.held.set(runId, kept);
    return () => {
      kept.holders -= 1;
      if (kept.holders === 0) this.held.delete(runId);
    };
  }

  of(runId: unknown): SpanContext | null {
    return typeof runId === 'string' ? (this.held.get(runId)?.trace ?? null) : null;
  }
}
