import compression from 'compression';
import type { RequestHandler } from 'express';

/**
 * Bytes. Shorter responses arrive in one round trip uncompressed, because a TCP connection begins with 10 segments (RFC 6928), and to compress
 * them takes longer than to send them.
 */
const FROM_BYTES = 8_192;

/**
 * Compresses long responses of JSON, and of the console. Log lines are excluded because they must appear when they are written, and stored bytes because
 * their ranges and digests refer to the uncompressed bytes.
 */
export function compressed(): RequestHandler {
  return compression({
    threshold: FROM_BYTES,
    filter: (_request, response) =>
      /^(?:application\/(?:[\w.+-]+\+)?json|text\/(?:html|yaml|css|javascript))(?:;|$)/.test(
        String(response.getHeader('Content-Type')),
      ) && !response.hasHeader('Accept-Ranges'),
  });
}
