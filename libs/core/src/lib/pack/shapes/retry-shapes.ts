import type { FailureRetries, Retries } from '../model/retries';
import { duration, errorCode, flag, number } from './scalar-shapes';
import { LONGEST_MS } from '../model/duration';
import { FAILURE_RETRIES, RETRIES } from './field-descriptions';
import { defaulted, type Fields, list, object, optional } from './shape';
import type { Published } from './object-schema';
import { retrySpellings } from './spellings';

const fields: Fields<Retries> = {
  maxAttempts: defaulted(number(1, 100), 1),
  backoffMs: defaulted(duration(0), 0, 'backoff'),
  factor: defaulted(number(1, 10, false), 2),
  maxBackoffMs: defaulted(duration(0), 300_000, 'maxBackoff'),
  jitter: defaulted(flag, true),
  on: optional(list(errorCode)),
  attemptTimeoutMs: optional(duration(), 'attemptTimeout'),
};

const published: readonly Published[] = [
  {
    name: 'backoffSeconds',
    of: 'backoff',
    schema: () => ({ type: 'number', minimum: 0, maximum: LONGEST_MS / 1_000 }),
  },
];

/** `retries` of a step. */
export const retries = object<Retries>(fields, { normalise: retrySpellings, published, descriptions: RETRIES });

/** `failure.retries`: the defaults of every `run` step. */
export const failureRetries = object<FailureRetries>(
  { ...fields, continueOnError: defaulted(flag, false) },
  { normalise: retrySpellings, published, descriptions: FAILURE_RETRIES },
);
