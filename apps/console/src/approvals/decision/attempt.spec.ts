import { ApiProblem } from '@taskrunner/client';
import { Drafts } from '../../form/draft';
import { tabStorage } from '../../testing/tab-storage';
import { attemptAfter, attemptFailed, Attempts, type Attempt } from './attempt';

const GRACE = { iss: 'https://id.example.org', sub: 'grace' };
const SENT: Attempt = { decision: 'rejected', reason: 'nicht heute – ö', before: 'dec_1', end: 'unanswered' };
const receipt = (reason: string | null) => {
  return { payload: Buffer.from(JSON.stringify({ reason })).toString('base64'), payloadType: 't', signatures: [] };
};

it('keeps what was sent of a person at a gate, until it is known to count', () => {
  const attempts = new Attempts(new Drafts(tabStorage()));
  attempts.keep(GRACE, 'sha256:1', SENT);
  expect(attempts.read(GRACE, 'sha256:1')).toEqual(SENT);
  expect(attempts.read(GRACE, 'sha256:2')).toBeNull();
  expect(attempts.read({ ...GRACE, sub: 'linus' }, 'sha256:1')).toBeNull();
  attempts.keep(GRACE, 'sha256:1', null);
  expect(attempts.read(GRACE, 'sha256:1')).toBeNull();
});

it('compares the reason in the answer with the one that was sent', () => {
  expect(attemptAfter(SENT, receipt(SENT.reason))).toBeNull();
  expect(attemptAfter({ ...SENT, reason: '' }, receipt(null))).toBeNull();
  expect(attemptAfter(SENT, receipt('another one'))).toEqual({ ...SENT, end: 'already' });
});

it('knows a refusal from an answer that was lost', () => {
  const problem = (status: number, code: 'GATE_DECIDED' | 'INTERNAL') => new ApiProblem(status, { code });
  expect(attemptFailed(SENT, new Error('the connection was reset')).end).toBe('unanswered');
  expect(attemptFailed(SENT, problem(409, 'GATE_DECIDED')).end).toBe('GATE_DECIDED');
  expect(attemptFailed(SENT, problem(502, 'INTERNAL')).end).toBe('unanswered');
});
