import { randomUUID } from 'node:crypto';
import {
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { RunTraces } from './run-traces';
import { parseTraceparent, printTraceparent } from './traceparent';

/** Options of a new span. */
interface SpanSetting {
  readonly kind?: 'server' | 'consumer' | 'internal';
  /** The `traceparent` of the parent; undefined: the current span. Null or invalid: a new trace begins. */
  readonly parent?: string | null | undefined;
  readonly attributes?: Attributes;
}

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL };

/**
 * Spans of this process. Without export no span is recorded, but there is still a trace id: the caller's is passed on, or a new one is
 * generated, so that logs, problem responses and child processes of one request can be correlated.
 */
export class Tracing {
  private readonly tracer: Tracer;
  private readonly records: boolean;
  private readonly runs = new RunTraces();

  /**
   * @param tracer records spans. Without it, none is recorded.
   * @param isFollowed false: this process does not follow a trace through asynchronous work, and knows only those of runs (`ofRun`).
   */
  constructor(
    tracer?: Tracer,
    private readonly isFollowed = true,
  ) {
    this.tracer = tracer ?? new ProxyTracerProvider().getTracer('taskrunner');
    this.records = tracer !== undefined;
  }

  /** Runs work in a span. For an error, the span records the code and never the message, which may contain private data. */
  async span<T>(name: string, setting: SpanSetting, work: (span: Span) => Promise<T>): Promise<T> {
    if (!this.records && setting.parent === undefined && (!this.isFollowed || activeSpan() !== null))
      return work(UNRECORDED);
    const { span, traced } = this.start(name, setting);
    try {
      return await context.with(traced, () => work(span));
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: codeOf(error) });
      throw error;
    } finally {
      span.end();
    }
  }

  /** As `span`, for work of a worker on a run. `submission`: the `traceparent` of its submission. */
  async ofRun<T>(
    { runId, submission }: { readonly runId: string; readonly submission: string | undefined },
    name: string,
    setting: SpanSetting,
    work: (span: Span) => Promise<T>,
  ): Promise<T> {
    if (this.isFollowed) return this.span(name, setting, work);
    const release = this.runs.hold(runId, () => parseTraceparent(submission) ?? unrecorded());
    try {
      return await work(UNRECORDED);
    } finally {
      release();
    }
  }

  /** Starts a span that the caller ends. Returns it with the context for its work. */
  start(
    name: string,
    { kind = 'internal', parent, attributes = {} }: SpanSetting,
  ): { readonly span: Span; readonly traced: Context } {
    const above = parent === undefined ? context.active() : contextOf(parseTraceparent(parent));
    const started = this.tracer.startSpan(name, { kind: KINDS[kind], attributes }, above);
    const span = isSpanContextValid(started.spanContext()) ? started : trace.wrapSpanContext(unrecorded());
    return { span, traced: trace.setSpan(above, span) };
  }

  /** The `traceparent` of the current span, or else of this run, for outgoing requests. */
  traceparent(runId?: string): string | null {
    const span = this.current(runId);
    return span && printTraceparent(span);
  }

  /** The valid current span, or else that of this run. */
  current(runId?: unknown): SpanContext | null {
    return activeSpan() ?? this.runs.of(runId);
  }

  traceId(): string | null {
    return activeSpan()?.traceId ?? null;
  }
}

/** The span of nested work if nothing is recorded. */
const UNRECORDED = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** The valid current span. */
function activeSpan(): SpanContext | null {
  const span = trace.getSpanContext(context.active());
  return span && isSpanContextValid(span) ? span : null;
}

function contextOf(span: SpanContext | null): Context {
  return span === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
}

function unrecorded(): SpanContext {
  // `randomUUID` draws from a pool of random bytes; `randomBytes` makes a system call each time.
  const [id, other] = [randomUUID(), randomUUID()].map((uuid) => uuid.replaceAll('-', ''));
  return {
    traceId: id as string,
    spanId: (other as string).slice(16),
    traceFlags: TraceFlags.NONE,
  };
}

function codeOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
