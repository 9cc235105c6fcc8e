import type { ApiError } from '../problems/problem';
import { logQueryOf, type LogParameters } from './log-query';

const NONE: LogParameters = {
  after: null,
  before: null,
  tail: null,
  limit: null,
  q: null,
  cursor: null,
  step: null,
  level: null,
  attempt: null,
  follow: null,
};
const filter = { step: null, attempt: null, level: null };
const of = (query: Partial<LogParameters>) => logQueryOf({ ...NONE, ...query }, 1_000);

/** The parameters that a refusal names, and what it says of each. */
function refused(query: Partial<LogParameters>): readonly string[] {
  try {
    of(query);
  } catch (error) {
    const { code, faults } = error as ApiError;
    return [code, ...faults.map(({ path, message }) => `${path} ${message}`)];
  }
  return [];
}

describe('a query of a log', () => {
  it.each<[Partial<LogParameters>, unknown]>([
    [{}, { kind: 'stream', after: null, tail: null, follow: true, filter }],
    [
      { after: 4, follow: false },
      { kind: 'stream', after: 4, tail: null, follow: false, filter },
    ],
    [
      { tail: 0, level: 'warn' },
      { kind: 'stream', after: null, tail: 0, follow: true, filter: { ...filter, level: 'warn' } },
    ],
    [
      { tail: 9, step: 'a' },
      { kind: 'stream', after: null, tail: 9, follow: true, filter: { ...filter, step: 'a' } },
    ],
    [
      { tail: 9, step: 'a', attempt: 2 },
      { kind: 'stream', after: null, tail: 9, follow: true, filter: { ...filter, step: 'a', attempt: 2 } },
    ],
    [{ before: 5 }, { kind: 'page', from: { before: 5 }, cursor: null, limit: 200, filter }],
    [
      { before: 5, limit: 3, follow: false },
      { kind: 'page', from: { before: 5 }, cursor: null, limit: 3, filter },
    ],
    [{ limit: 3 }, { kind: 'page', from: { after: 0 }, cursor: null, limit: 3, filter }],
    [
      { after: 7, limit: 3 },
      { kind: 'page', from: { after: 7 }, cursor: null, limit: 3, filter },
    ],
    [{ cursor: 'c' }, { kind: 'page', from: { after: 0 }, cursor: 'c', limit: 200, filter }],
    [
      { before: 5, cursor: 'c' },
      { kind: 'page', from: { before: 5 }, cursor: 'c', limit: 200, filter },
    ],
    [{ q: 'x' }, { kind: 'search', text: 'x', after: 0, cursor: null, limit: 200, filter }],
    [
      { q: 'x', after: 2, cursor: 'c', limit: 1 },
      { kind: 'search', text: 'x', after: 2, cursor: 'c', limit: 1, filter },
    ],
  ])('%j is %j', (query, expected) => expect(of(query)).toEqual(expected));

  it.each<[Partial<LogParameters>, readonly string[]]>([
    [{ tail: 1, after: 1 }, ['/tail tail cannot be combined with after.']],
    [{ tail: 1, before: 2 }, ['/tail tail cannot be combined with before.']],
    [{ tail: 1, limit: 2 }, ['/tail tail cannot be combined with limit.']],
    [{ tail: 1, q: 'x' }, ['/tail tail cannot be combined with q.']],
    [{ before: 1, after: 1 }, ['/before before cannot be combined with after.']],
    [{ before: 1, q: 'x' }, ['/before before cannot be combined with q.']],
    [{ cursor: 'c', tail: 1 }, ['/tail tail cannot be combined with cursor.']],
    [{ cursor: 'c', follow: true }, ['/follow follow=true cannot be combined with cursor.']],
    [{ attempt: 2 }, ['/attempt attempt requires step.']],
    [{ q: 'x', follow: true }, ['/follow follow=true cannot be combined with q.']],
    [{ before: 1, follow: true }, ['/follow follow=true cannot be combined with before.']],
    [{ limit: 1, follow: true }, ['/follow follow=true cannot be combined with limit.']],
    [
      { tail: 1, after: 1, attempt: 2 },
      ['/tail tail cannot be combined with after.', '/attempt attempt requires step.'],
    ],
  ])('%j is refused, by the names of its parameters', (query, faults) =>
    expect(refused(query)).toEqual(['REQUEST_INVALID', ...faults]),
  );

  it('has no more lines on a page than configured, also if nobody says how many', () => {
    expect(logQueryOf({ ...NONE, before: 5 }, 50)).toMatchObject({ limit: 50 });
  });
});
