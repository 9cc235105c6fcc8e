import type { Gate } from '@taskrunner/client';
import { verdictIn } from './verdict';

const judged = { allow: false, undecided: false, reasons: ['It is Friday'], engine: 'cel', digest: 'sha256:1' };
const policy = { id: 'said-beside', level: 'advisory', result: 'deny', reasons: ['nothing'] } as Gate['policy'];
const gate = (said: unknown) => ({ request: { policy: said } as Gate['request'], policy });

it('is read from the request, which the digest covers', () => {
  expect(verdictIn(gate({ id: 'no-friday', level: 'soft-mandatory', ...judged }))).toEqual({
    ...{ id: 'no-friday', level: 'soft-mandatory', engine: 'cel', digest: 'sha256:1' },
    ...{ isUndecided: false, reasons: ['It is Friday'] },
  });
});

it('has no reasons but those of the request, whatever the server says beside it', () => {
  expect(verdictIn(gate(judged))).toMatchObject({ id: 'said-beside', reasons: ['It is Friday'] });
  expect(verdictIn(gate(null))).toBeNull();
});
