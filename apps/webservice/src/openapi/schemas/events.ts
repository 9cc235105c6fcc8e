import { FEED_EVENT_TYPES } from '@taskrunner/core/ports';
import type { Schema } from '../operation';
import { resumeReason } from './logs';
import { closed, digest, instant, listOf, oneOfNamed, text, whole } from './shapes';

const feedEvent = closed(
  {
    position: { ...whole, description: 'Position of the event in the feed. Positions begin at 1 and have no gaps.' },
    at: { ...instant, description: 'Time of the event. Times of different runs are not in order.' },
    type: { type: 'string', enum: FEED_EVENT_TYPES },
    runId: text,
    status: { ...text, description: 'Status of the run (`run.…`) or of the gate (`gate.opened`, `gate.closed`).' },
    gateId: text,
    decision: { type: 'string', enum: ['approved', 'rejected', 'withdrawn'] },
    bundle: { ...digest, description: 'Digest of the bundle; only in `evidence.sealed`.' },
  },
  ['status', 'gateId', 'decision', 'bundle'],
);

/** Schemas of the event feed of a tenant. */
export const EVENT_SCHEMAS = {
  FeedEvent: feedEvent,
  FeedResume: {
    ...closed({
      type: { type: 'string', enum: ['stream.resume'] },
      reason: resumeReason,
      after: { ...whole, description: 'Send it as `after` to continue.' },
      retryMs: { ...whole, description: 'Time to wait before the next request, milliseconds.' },
    }),
    description: 'The last event of a stream that the service ends. It has no position.',
  },
  FeedStreamEvent: oneOfNamed('type', {
    ...Object.fromEntries(FEED_EVENT_TYPES.map((type) => [type, 'FeedEvent'])),
    'stream.resume': 'FeedResume',
  }),
  FeedPage: closed({
    items: listOf(feedEvent),
    next: { ...whole, description: 'Position to send as `after` to continue.' },
    head: { ...whole, description: 'The last position of the feed.' },
    oldest: { ...whole, description: 'The earliest position after which events are kept.' },
  }),
} satisfies Readonly<Record<string, Schema>>;
