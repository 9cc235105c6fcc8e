import type { IncomingMessage, ServerResponse } from 'node:http';
import { context } from '@opentelemetry/api';
import type { Metrics } from './metrics';
import type { Tracing } from './tracing';

/** An Express request after routing. */
interface RoutedRequest extends IncomingMessage {
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

/**
 * Express middleware that creates a span for each request, following the caller's `traceparent`, and measures its duration by method, route
 * template and status. Requests outside of any route share one label, so that scanners create no labels.
 */
export function watchRequests(
  tracing: Tracing,
  metrics: Metrics,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  let active = 0;
  metrics.observe('taskrunner_http_requests_active', () => [[active]]);
  return (request: RoutedRequest, response, next) => {
    const begun = performance.now();
    const method = METHODS.has(request.method ?? '') ? (request.method as string) : 'other';
    const { traceparent } = request.headers;
    const parent = typeof traceparent === 'string' ? traceparent : null;
    const attributes = { 'http.request.method': method };
    const { span, traced } = tracing.start(method, { kind: 'server', parent, attributes });
    active += 1;
    response.once('close', () => {
      active -= 1;
      const route = routeOf(request);
      // If a caller disconnected before the response was complete, the status is 499, as in proxies.
      const status = response.writableFinished ? response.statusCode : 499;
      span.updateName(`${method} ${route}`);
      span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
      if (status >= 500) span.setStatus({ code: 2 });
      span.end();
      const labels = { method, route, status: String(status) };
      metrics.record('taskrunner_http_request_duration_seconds', (performance.now() - begun) / 1_000, labels);
    });
    context.with(traced, next);
  };
}

function routeOf({ baseUrl = '', route }: RoutedRequest): string {
  return typeof route?.path === 'string' ? `${baseUrl}${route.path}` : 'unmatched';
}
