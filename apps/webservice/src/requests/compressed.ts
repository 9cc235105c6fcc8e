import compression from 'compression';
import type { RequestHandler } from 'express';

/** Shorter responses fit into one packet uncompressed, bytes. */
const FROM_BYTES = 1_024;

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
