import type { Json } from '@taskrunner/core/foundation';
import { RUN } from './values';

/** Examples of logs. */
export const LOG_EXAMPLES = {
  line: {
    runId: RUN,
    sequence: 17,
    timestamp: '2026-11-24T10:00:02.000Z',
    level: 'info',
    eventType: 'step.log',
    message: 'scanning 12 images',
    stepId: 'scan',
    attempt: 1,
    execution: 1,
  },
  logPage: {
    items: [
      {
        runId: RUN,
        sequence: 4_000,
        timestamp: '2026-11-24T10:03:10.000Z',
        level: 'warn',
        eventType: 'step.log',
        message: 'registry: Connection refused',
        stepId: 'scan',
        attempt: 2,
        execution: 3,
      },
    ],
    total: 3,
    searchedFrom: 1,
    searchedTo: 4_020,
    lastLine: 4_020,
    missingLines: 0,
    nextCursor: null,
  },
} satisfies Readonly<Record<string, Json>>;
