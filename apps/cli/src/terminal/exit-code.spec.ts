import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_TABLE, exitCodeLines, exitOfProblem, exitOfRun } from './exit-code';

describe('exit codes', () => {
  it('are numbered without gaps, but for those of signals, and the guide has the same table', () => {
    const rows = Object.values(EXIT_TABLE);
    const codes = rows.map(({ code }) => code).filter((code) => code < 128);
    expect(codes).toEqual(codes.map((_, i) => i));
    expect(new Set(rows.map(({ meaning }) => meaning)).size).toBe(rows.length);
    expect(exitCodeLines()).toHaveLength(rows.length);
    const guide = readFileSync(join(__dirname, '../../../../docs/guides/command-line.md'), 'utf8');
    for (const { code, meaning } of rows) expect(guide).toMatch(tableRow(code, meaning));
  });

  it.each([
    [401, 'TOKEN_INVALID', false, 3],
    [403, 'SCOPE_MISSING', false, 3],
    [403, 'GATE_SELF_APPROVAL', false, 3],
    [404, 'RUN_NOT_FOUND', false, 4],
    [409, 'PLAN_HASH_MISMATCH', false, 2],
    [409, 'GATE_EXPIRED', false, 6],
    [409, 'GATE_DECIDED', false, 1],
    [409, 'EVIDENCE_NOT_SEALED', true, 10],
    [422, 'PACK_INVALID', false, 2],
    [422, 'SEALED_EGRESS_DENIED', false, 5],
    [429, 'RATE_LIMITED', true, 10],
    [500, 'INTERNAL', false, 11],
    [502, 'HTTP_502', false, 10],
    [503, 'DATABASE_UNAVAILABLE', true, 10],
  ])('of a refusal %s %s: %s %s', (status, code, retryable, exit) => {
    expect(exitOfProblem({ status, code, retryable })).toBe(exit);
  });

  it.each([
    ['succeeded', null, 0],
    ['failed', null, 1],
    ['failed', { code: 'STEP_FAILED' }, 1],
    ['failed', { code: 'GATE_REJECTED' }, 6],
    ['failed', { code: 'GATE_EXPIRED' }, 6],
    ['failed', { code: 'POLICY_DENIED' }, 3],
    ['failed', { code: 'SEALED_UNENFORCEABLE' }, 5],
    ['cancelled', null, 7],
  ])('of a run that ended %s %j: %s', (status, error, exit) => {
    expect(exitOfRun(status, error)).toBe(exit);
  });
});

/** Formatters align the columns of tables. */
function tableRow(code: number, meaning: string): RegExp {
  return new RegExp(`^\\| *${code} *\\| *${meaning.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')} *\\|$`, 'm');
}
