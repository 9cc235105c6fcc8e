import { resolveBody } from './resolve-body';

const step = { error: { code: 'OUTCOME_UNKNOWN', execution: 2 } };

it('names the execution that was looked into', () => {
  const entered = { outcome: 'succeeded' as const, outputs: '{"receipt":"PAY-7"}', reason: ' the bank says so ' };
  expect(resolveBody(step, entered)).toEqual({
    kind: 'body',
    body: { execution: 2, outcome: 'succeeded', outputs: { receipt: 'PAY-7' }, reason: 'the bank says so' },
  });
});

it('has outputs only where the step succeeded', () => {
  const body = { execution: 2, outcome: 'retry', reason: 'r' };
  expect(resolveBody(step, { outcome: 'retry', outputs: '{"a":1}', reason: 'r' })).toEqual({ kind: 'body', body });
});

it.each(['[1]', '7', '{', 'null'])('refuses the outputs %s', (outputs) => {
  expect(resolveBody(step, { outcome: 'succeeded', outputs, reason: 'r' })).toMatchObject({ kind: 'refused' });
});

it('is refused for a step that needs nobody any more', () => {
  const entered = { outcome: 'failed' as const, outputs: '', reason: 'r' };
  expect(resolveBody({ error: null }, entered)).toMatchObject({ kind: 'refused' });
});
