import { runStatuses } from '@taskrunner/core/foundation';
import type { Schema } from '../operation';
import { closed, instant, listOf, maybeText, oneOfNamed, text, whole } from './shapes';

/** Members that every event of a log has. */
const place = {
  runId: text,
  sequence: { ...whole, description: 'Number of the line; of any other event, the last line before it.' },
  timestamp: instant,
};

/** Why a stream ends before its run. */
export const resumeReason: Schema = { type: 'string', enum: ['service-stops', 'token-expired'] };

const logLine = closed(
  {
    ...place,
    level: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error'] },
    eventType: { type: 'string', enum: ['step.log'] },
    message: text,
    stepId: text,
    attempt: {
      ...whole,
      description:
        'Attempt of the step, from 1, as the retry policy counts: a retry has the next number. Absent if the step has no attempts or they are not recorded.',
    },
    execution: {
      ...whole,
      description:
        'Start of the executor of the step that wrote the line: another number than in the line before it marks that the step began again. An attempt has several executions if its worker was lost or handed the run over.',
    },
  },
  ['attempt'],
);

/** Schemas of logs of runs. */
export const LOG_SCHEMAS = {
  LogLine: logLine,
  RunFinished: {
    ...closed({
      ...place,
      eventType: { type: 'string', enum: ['run.finished'] },
      status: { type: 'string', enum: runStatuses },
    }),
    description: 'The last event of a log: the run has ended.',
  },
  StreamResume: {
    ...closed({
      ...place,
      eventType: { type: 'string', enum: ['stream.resume'] },
      reason: resumeReason,
      after: { ...whole, description: 'Send it as `after` to continue.' },
      retryMs: { ...whole, description: 'Time to wait before the next request, milliseconds.' },
    }),
    description: 'The last event of a stream that ends before its run.',
  },
  StreamTail: {
    ...closed({
      ...place,
      eventType: { type: 'string', enum: ['stream.tail'] },
      after: { ...whole, description: 'Number of the line before the tail.' },
      complete: {
        type: 'boolean',
        description: 'False: the limits of a request were reached before the requested number of lines was found.',
      },
    }),
    description: 'The first event of a stream with `tail`.',
  },
  LogEvent: oneOfNamed('eventType', {
    'step.log': 'LogLine',
    'run.finished': 'RunFinished',
    'stream.resume': 'StreamResume',
    'stream.tail': 'StreamTail',
  }),
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
      description: 'Send it as `cursor` to continue. Null: the log has no further lines at the time of the request.',
    },
  }),
} satisfies Readonly<Record<string, Schema>>;
