import { CodedError } from '@taskrunner/core/foundation';
import { DecisionError, PROBLEMS } from '@taskrunner/core/operations';
import { ApiError, toProblem } from './problem';

const place = { publicUrl: 'https://runner.test', traceId: 't', instance: '/api/runs' };

describe('the table of problems', () => {
  it.each(Object.entries(PROBLEMS))('says of %s what it is and what to do', (code, { status, title, remediation }) => {
    expect([400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 416, 422, 429, 431, 500, 503]).toContain(status);
    expect(code).toMatch(/^[A-Z][A-Z_]+$/);
    for (const text of [title, remediation]) expect(text).toMatch(/^\S.*\S$/);
    expect(remediation).toMatch(/\.$/);
  });
});

describe('a problem', () => {
  it('is a refusal in the one shape', () => {
    const fault = { code: 'X', path: '/a', line: 1, column: 2, message: 'm', remediation: 'r' };
    expect(toProblem(new DecisionError('GATE_STALE', 'another digest', [fault]), place)).toEqual({
      type: 'https://runner.test/errors/GATE_STALE',
      title: PROBLEMS.GATE_STALE.title,
      status: 409,
      code: 'GATE_STALE',
      detail: 'another digest',
      remediation: expect.stringContaining('gate'),
      traceId: 't',
      instance: '/api/runs',
      retryable: false,
      errors: [{ ...fault, aliases: [] }],
    });
    expect(toProblem(new ApiError('RATE_LIMITED', 'slow down'), place).retryable).toBe(true);
  });

  it('of an altered object names it, which is the caller’s own', () => {
    const error = new CodedError('OBJECT_DIGEST_MISMATCH', 'sha256:00 of tenant acme', 'restore it');
    expect(toProblem(error, place)).toMatchObject({ status: 500, detail: 'sha256:00 of tenant acme' });
  });

  it.each([
    new Error('password=hunter2 at /srv/x.ts:3'),
    new CodedError('KEY_FILE_MODE', '/etc/secret', 'x'),
    'text',
    null,
  ])('of ours (%s) tells callers nothing', (error) => {
    const problem = toProblem(error, place);
    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL', errors: [] });
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret|\.ts/);
  });
});
