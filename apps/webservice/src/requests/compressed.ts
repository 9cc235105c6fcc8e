import compression from 'compression';
import type { RequestHandler } from 'express';

/** Shorter answers fit into one packet as they are, bytes. */
const FROM_BYTES = 1_024;

/**
 * Compresses long answers of JSON and HTML. Not the lines of a log, which are to be seen when they are written, and no stored bytes: those
 * have ranges and digests of what they are.
 */
export function compressed(): RequestHandler {
  return compression({
    threshold: FROM_BYTES,
    filter: (_request, response) =>
      /^(?:application\/(?:[\w.+-]+\+)?json|text\/(?:html|yaml))(?:;|$)/.test(
        String(response.getHeader('Content-Type')),
      ) && !response.hasHeader('Accept-Ranges'),
  });
}
