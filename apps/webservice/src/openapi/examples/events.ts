import type { Json } from '@taskrunner/core/foundation';
import { RUN, digest } from './values';

/** Examples of the event feed of a tenant. */
export const EVENT_EXAMPLES = {
  feedEvent: { position: 1, at: '2026-11-24T10:00:00.000Z', type: 'run.created', runId: RUN, status: 'queued' },
  feedPage: {
    items: [
      { position: 1, at: '2026-11-24T10:00:00.000Z', type: 'run.created', runId: RUN, status: 'queued' },
      {
        position: 2,
        at: '2026-11-24T10:00:09.000Z',
        type: 'gate.opened',
        runId: RUN,
        status: 'open',
        gateId: 'approve',
      },
      {
        position: 3,
        at: '2026-11-24T10:05:00.000Z',
        type: 'gate.decided',
        runId: RUN,
        gateId: 'approve',
        decision: 'approved',
      },
      { position: 4, at: '2026-11-24T10:06:00.000Z', type: 'evidence.sealed', runId: RUN, bundle: digest('5') },
    ],
    next: 4,
    head: 4,
    oldest: 0,
  },
} satisfies Readonly<Record<string, Json>>;
