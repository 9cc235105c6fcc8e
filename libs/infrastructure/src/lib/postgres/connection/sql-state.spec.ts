import { failureOf, isAuditBroken, isDatabaseFault, isDuplicate } from './sql-state';

it.each([
  ['40001', 'again'],
  ['40P01', 'again'],
  ['55P03', 'again'],
  ['57014', 'again'],
  ['53100', 'again'],
  ['25006', 'again'],
  ['57P01', 'lost'],
  ['57P03', 'lost'],
  ['08006', 'lost'],
  ['ECONNRESET', 'lost'],
  ['22P05', 'data'],
  ['22021', 'data'],
  ['23505', 'data'],
  ['54000', 'data'],
  ['DB_ANSWER_UNREADABLE', 'data'],
  ['42501', 'fault'],
  ['42P01', 'fault'],
  ['XX001', 'fault'],
])('%s means %s', (code, failure) => {
  expect(failureOf(Object.assign(new Error('x'), { code }))).toBe(failure);
});

it.each([
  ['Connection terminated unexpectedly', 'lost'],
  ['timeout exceeded when trying to connect', 'lost'],
  ['timeout expired', 'lost'],
  ['Query read timeout', 'lost'],
  ['Client has encountered a connection error and is not queryable', 'lost'],
  ['something else', 'fault'],
])('the driver saying "%s" means %s', (message, failure) => {
  expect(failureOf(new Error(message))).toBe(failure);
});

it.each(['Permission denied', 'Read-only file system', 'Operation not permitted'])(
  'a file that the server cannot open is repeated when it can: %s',
  (reason) => {
    const error = Object.assign(new Error(`could not open file "base/16390/2601": ${reason}`), { code: '42501' });
    expect([failureOf(error), isDatabaseFault(error)]).toEqual(['again', false]);
    const denied = Object.assign(new Error('permission denied for table runs'), { code: '42501' });
    expect(failureOf(denied)).toBe('fault');
  },
);

it('knows duplicates', () => {
  expect(isDuplicate({ code: '23505' })).toBe(true);
  expect(isDuplicate(new Error('x'))).toBe(false);
});

it.each([
  ['42501', true],
  ['42P01', true],
  ['40001', false],
  ['23505', false],
  ['57P01', false],
  ['ECONNREFUSED', false],
])('an error %s is a fault of the installation: %s', (code, is) => {
  expect(isDatabaseFault(Object.assign(new Error('x'), { code }))).toBe(is);
  expect(isDatabaseFault(new Error('x'))).toBe(false);
});

it.each([
  [{ code: '23505', constraint: 'audit_pkey' }, true],
  [{ code: '22003', where: 'SQL function "append_audit" statement 1' }, true],
  [
    {
      code: '22003',
      where: 'PL/pgSQL function pack_runs.append_audits(text,text[]) line 21 at FOR with integer loop variable',
    },
    true,
  ],
  [{ code: '23505', constraint: 'runs_pkey' }, false],
  [{ code: '22003' }, false],
  [new Error('x'), false],
])('%j means that an audit chain cannot be continued: %s', (error, is) => {
  expect(isAuditBroken(error)).toBe(is);
});
