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
import { parseTraceparent, printTraceparent } from './traceparent';

/** How a span begins. */
interface SpanSetting {
  readonly kind?: 'server' | 'consumer' | 'internal';
  /** The `traceparent` that it follows; undefined: what is under way here. Null, or none that can be read: it begins a trace. */
  readonly parent?: string | null | undefined;
  readonly attributes?: Attributes;
}

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL };

/**
 * Spans of this process. Where nothing is sent, no span is recorded, but a trace id still is: a caller's is passed on, else one is made,
 * so that logs, problems and child processes of one request can be found together.
 */
export class Tracing {
  private readonly tracer: Tracer;
  private readonly records: boolean;

  /** @param tracer of spans that are recorded; without it none is. */
  constructor(tracer?: Tracer) {
    this.tracer = tracer ?? new ProxyTracerProvider().getTracer('taskrunner');
    this.records = tracer !== undefined;
  }

  /** Work under a span. Of an error it notes the code, never the message, which may hold what is not ours to show. */
  async span<T>(name: string, setting: SpanSetting, work: (span: Span) => Promise<T>): Promise<T> {
    if (!this.records && setting.parent === undefined && activeSpan() !== null) return work(UNRECORDED);
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

  /** A span that the caller ends, and the context for what belongs to it. */
  start(
    name: string,
    { kind = 'internal', parent, attributes = {} }: SpanSetting,
  ): { readonly span: Span; readonly traced: Context } {
    const above = parent === undefined ? context.active() : contextOf(parseTraceparent(parent));
    const started = this.tracer.startSpan(name, { kind: KINDS[kind], attributes }, above);
    const span = isSpanContextValid(started.spanContext()) ? started : trace.wrapSpanContext(unrecorded());
    return { span, traced: trace.setSpan(above, span) };
  }

  /** What is under way here, as the `traceparent` for what it asks of others. */
  traceparent(): string | null {
    const span = activeSpan();
    return span && printTraceparent(span);
  }

  traceId(): string | null {
    return activeSpan()?.traceId ?? null;
  }
}

/** What is within something else under way has nothing of its own to say where nothing is recorded. */
const UNRECORDED = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** The valid span that is under way here. */
export function activeSpan(): SpanContext | null {
  const span = trace.getSpanContext(context.active());
  return span && isSpanContextValid(span) ? span : null;
}

function contextOf(span: SpanContext | null): Context {
  return span === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
}

function unrecorded(): SpanContext {
  // From a pool of random bytes, unlike `randomBytes`, which is asked of the system each time.
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
