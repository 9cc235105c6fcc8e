import { runStatuses, type Principal } from '@taskrunner/core/foundation';
import { STUCK_REASONS, type CreatedRange, type RunFilter } from '@taskrunner/core/ports';
import { instantText, oneOf, phrase, several, text, type Parameter } from '../requests/paging/query';

const STUCK = [...STUCK_REASONS, 'any'] as const;
const MOST_LABELS = 8;
const ME = 'me';

/** `key:value` of a label. The key ends at the first colon. */
const label: Parameter<{ readonly key: string; readonly value: string }> = {
  read: (supplied) => {
    const colon = supplied.indexOf(':');
    return colon < 1 || supplied.length > 1_024
      ? null
      : { key: supplied.slice(0, colon), value: supplied.slice(colon + 1) };
  },
  says: 'key:value, such as ticket:SEC-42',
};

/** Times of creation, for `readQuery`. */
export const CREATED_PARAMETERS = { createdAfter: instantText, createdBefore: instantText };

/** Filters of a list of runs, for `readQuery`. */
export const FILTER_PARAMETERS = {
  status: several(oneOf(...runStatuses), runStatuses.length),
  pack: text,
  version: text,
  label: several(label, MOST_LABELS),
  requester: phrase,
  ...CREATED_PARAMETERS,
  q: phrase,
  stuck: oneOf(...STUCK),
};

/** Times of creation, for the OpenAPI document. */
export const CREATED_QUERY = {
  createdAfter: {
    description: 'Return only runs created at this time or later. RFC 3339; encode `+` as `%2B`.',
    schema: { type: 'string', format: 'date-time', examples: ['2026-11-24T00:00:00Z'] },
  },
  createdBefore: {
    description: 'Return only runs created before this time.',
    schema: { type: 'string', format: 'date-time', examples: ['2026-11-25T00:00:00Z'] },
  },
};

/** Filters of a list of runs, for the OpenAPI document. */
export const FILTER_QUERY = {
  status: {
    description: 'Return only runs with this status. Repeat the parameter for several statuses.',
    schema: {
      type: 'array',
      items: { type: 'string', enum: [...runStatuses] },
      maxItems: runStatuses.length,
      examples: [['running', 'waiting']],
    },
  },
  pack: {
    description: 'Return only runs of the pack with this name.',
    schema: { type: 'string', examples: ['image-remediation'] },
  },
  version: {
    description: 'Return only runs of packs with this version.',
    schema: { type: 'string', examples: ['1.4.0'] },
  },
  label: {
    description: `Return only runs with this label, as \`key:value\`. Repeat the parameter for up to ${MOST_LABELS} labels; a run has all of them.`,
    schema: {
      type: 'array',
      items: { type: 'string', pattern: '^[^:]+:' },
      maxItems: MOST_LABELS,
      examples: [['ticket:SEC-42', 'env:prod']],
    },
  },
  requester: {
    description: 'Return only runs that this subject requested: `requester.id` of a run. `me`: the caller.',
    schema: { type: 'string', minLength: 1, maxLength: 200, examples: ['u-17', ME] },
  },
  ...CREATED_QUERY,
  q: {
    description:
      'Return only runs whose id begins with this text. If the text cannot begin a run id, return runs whose pack name, label value or requester name contains it, or whose id ends with it (at least 8 characters). ASCII letters match in either case.',
    schema: { type: 'string', minLength: 1, maxLength: 200, examples: ['sec-42', 'run_01kb3v'] },
  },
  stuck: {
    description:
      'Return only runs that require manual action. `attention`: a step needs attention. `halted`: the run was halted because its records were altered. `blocked`: the seal of its evidence is blocked. `restore`: a restore of the database stopped the run. `any`: any of these.',
    schema: { type: 'string', enum: [...STUCK] },
  },
};

/** What `readQuery` reads of these parameters. */
type Read<Parameters> = {
  readonly [Name in keyof Parameters]: Parameters[Name] extends Parameter<infer T> ? T | null : never;
};

/** The filter that a caller asks for. */
export function runFilterOf(query: Read<typeof FILTER_PARAMETERS>, { iss, sub }: Principal): RunFilter {
  const { status, pack, version, label: labels, requester, q, stuck } = query;
  return {
    ...createdRangeOf(query),
    ...(status === null ? {} : { statuses: status }),
    ...(pack === null ? {} : { pack }),
    ...(version === null ? {} : { version }),
    ...(labels === null ? {} : { labels }),
    ...(requester === null ? {} : { requester: requester === ME ? { iss, sub } : { iss: null, sub: requester } }),
    ...(q === null ? {} : { text: q }),
    ...(stuck === null ? {} : { stuck }),
  };
}

/** The times of creation that a caller asks for. */
export function createdRangeOf({ createdAfter, createdBefore }: Read<typeof CREATED_PARAMETERS>): CreatedRange {
  return {
    ...(createdAfter === null ? {} : { createdAfter }),
    ...(createdBefore === null ? {} : { createdBefore }),
  };
}
