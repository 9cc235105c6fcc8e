import type { HttpSettings } from '../configuration';

/** Methods of the routes. */
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'];
/** Request headers that the routes read and that pages may not set without permission. */
const REQUEST_HEADERS = [
  ...[
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'If-Match',
    'If-None-Match',
    'If-Range',
    'Last-Event-ID',
    'Range',
  ],
  ...['traceparent', 'tracestate', 'X-StellaOps-Tenant', 'X-Stella-Tenant'],
];
/** Response headers that pages may not read without permission. */
const RESPONSE_HEADERS = [
  ...['Accept-Ranges', 'Allow', 'Content-Disposition', 'Content-Range', 'ETag', 'Idempotency-Replayed', 'Location'],
  ...['Repr-Digest', 'Retry-After', 'WWW-Authenticate'],
];

/**
 * How pages of other origins may call the API (Fetch standard, CORS protocol); null: not at all. Pages send tokens in `Authorization`, so no
 * credentials of the browser are allowed. A preflight request needs no token: `sendAllowedMethods` answers it.
 */
export function corsOptions({ origins, maxAge }: HttpSettings['cors']) {
  if (origins.length === 0) return null;
  return {
    origin: [...origins],
    credentials: false,
    methods: METHODS,
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: RESPONSE_HEADERS,
    maxAge: Math.floor(maxAge / 1_000),
    preflightContinue: true,
  };
}
