import type { Schema } from '../operation';
import { closed, instant, listOf, maybeText, text, whole } from './shapes';

const logLine = {
  type: 'object',
  required: ['runId', 'sequence', 'timestamp', 'eventType'],
  properties: {
    runId: text,
    sequence: whole,
    timestamp: instant,
    level: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error'] },
    eventType: { type: 'string', enum: ['step.log', 'run.finished', 'stream.resume', 'stream.tail'] },
    message: text,
    stepId: text,
    attempt: { ...whole, description: 'Attempt of the step; absent if it has no attempts or they are not recorded.' },
    status: text,
    reason: { type: 'string', enum: ['service-stops', 'token-expired'] },
    after: whole,
    retryMs: whole,
    complete: { type: 'boolean' },
  },
};

/** Schemas of logs of runs. */
export const LOG_SCHEMAS = {
  LogLine: logLine,
  LogPage: closed({
    items: listOf(logLine),
    total: {
      type: ['integer', 'null'],
      minimum: 0,
      description: 'Number of matching lines from `searchedFrom` to `searchedTo`; null without `q`.',
    },
    searchedFrom: { ...whole, description: 'First line that was searched.' },
    searchedTo: {
      ...whole,
      description: 'Last line that was searched. Less than `searchedFrom` if there are no lines.',
    },
    lastLine: { ...whole, description: 'Last line of the log at the time of the request.' },
    missingLines: { ...whole, description: 'Number of lines in the range that are no longer stored.' },
    nextCursor: {
      ...maybeText,
      description: 'Cursor that continues the search; null: the search is complete, or the request has no `q`.',
    },
  }),
} satisfies Readonly<Record<string, Schema>>;
