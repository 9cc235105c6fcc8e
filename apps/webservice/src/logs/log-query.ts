import type { Fault } from '@taskrunner/core/foundation';
import { ApiError } from '../problems/problem';
import { hasAtMost } from '../requests/rules';
import { fault } from '../requests/validated';
import { flag, oneOf, text, whole, type Parameter } from '../requests/paging/query';
import type { LineFilter } from './log-lines';

/** The greatest line number that a request can name. */
export const MOST_LINES = 999_999_999_999;
/** The greatest number of an attempt that a request can name. */
const MOST_ATTEMPTS = 999_999;
/** Lines of a page if the caller does not say how many. */
const USUAL_LINES = 200;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** Query parameters of the log route. `maxLines`: maximum number of lines on a page. */
export function logParameters(maxLines: number) {
  return {
    after: whole(0, MOST_LINES),
    before: whole(1, MOST_LINES),
    tail: whole(0, MOST_LINES),
    limit: whole(1, maxLines),
    q: searchText,
    cursor: text,
    step: text,
    level: oneOf(...LEVELS),
    attempt: whole(1, MOST_ATTEMPTS),
    follow: flag,
  };
}

type Parameters = ReturnType<typeof logParameters>;
/** The parameters as supplied. Absent ones are null. */
export type LogParameters = {
  readonly [Name in keyof Parameters]: Parameters[Name] extends Parameter<infer T> ? T | null : never;
};

/** What a request asks of a log. */
export type LogQuery =
  | {
      readonly kind: 'stream';
      /** Number of the line after which to begin. Null: not supplied. */
      readonly after: number | null;
      /** Number of lines before the end with which to begin. Null: not supplied. */
      readonly tail: number | null;
      readonly follow: boolean;
      readonly filter: LineFilter;
    }
  | {
      readonly kind: 'page';
      /** The page has the first lines after this one, or the last lines before this one. */
      readonly from: { readonly after: number } | { readonly before: number };
      /** `nextCursor` of the page before. */
      readonly cursor: string | null;
      readonly limit: number;
      readonly filter: LineFilter;
    }
  | {
      readonly kind: 'search';
      readonly text: string;
      readonly after: number;
      readonly cursor: string | null;
      readonly limit: number;
      readonly filter: LineFilter;
    };

type Name = keyof LogParameters;

/** Parameters that exclude each other. */
const EXCLUSIVE: readonly (readonly [Name, Name])[] = [
  ['tail', 'after'],
  ['tail', 'before'],
  ['tail', 'limit'],
  ['tail', 'q'],
  ['tail', 'cursor'],
  ['before', 'after'],
  ['before', 'q'],
];
/** Parameters that need another one. */
const NEEDED: readonly (readonly [Name, Name])[] = [['attempt', 'step']];
/** Parameters that ask for a page. A page ends, so it cannot be followed. */
const OF_PAGES: readonly Name[] = ['q', 'before', 'limit', 'cursor'];

/** Decides what the parameters ask for. Throws `REQUEST_INVALID`, which names the parameters that cannot be combined. */
export function logQueryOf(query: LogParameters, maxLines: number): LogQuery {
  const faults = conflictsOf(query);
  if (faults.length > 0) throw new ApiError('REQUEST_INVALID', 'the query is invalid', faults);
  const { after, before, tail, q, cursor, step, attempt, level, follow } = query;
  const filter = { step, attempt, level };
  const limit = query.limit ?? Math.min(USUAL_LINES, maxLines);
  if (q !== null) return { kind: 'search', text: q, after: after ?? 0, cursor, limit, filter };
  if (before !== null) return { kind: 'page', from: { before }, cursor, limit, filter };
  if (query.limit !== null || cursor !== null)
    return { kind: 'page', from: { after: after ?? 0 }, cursor, limit, filter };
  return { kind: 'stream', after, tail, follow: follow ?? true, filter };
}

function conflictsOf(query: LogParameters): readonly Fault[] {
  const has = (name: Name): boolean => query[name] !== null;
  const exclusive = EXCLUSIVE.filter(([one, other]) => has(one) && has(other)).map(([one, other]) =>
    fault(`/${one}`, `${one} cannot be combined with ${other}.`, `Omit ${one} or ${other}.`),
  );
  const needed = NEEDED.filter(([one, other]) => has(one) && !has(other)).map(([one, other]) =>
    fault(`/${one}`, `${one} requires ${other}.`, `Add ${other}, or omit ${one}.`),
  );
  const page = query.follow === true ? OF_PAGES.find(has) : undefined;
  const followed = page
    ? [fault('/follow', `follow=true cannot be combined with ${page}.`, `Omit follow or ${page}.`)]
    : [];
  return [...exclusive, ...needed, ...followed];
}

const searchText: Parameter<string> = {
  read: (supplied) => (supplied.length >= 1 && hasAtMost(supplied, 256) ? supplied : null),
  says: '1 to 256 characters',
};
