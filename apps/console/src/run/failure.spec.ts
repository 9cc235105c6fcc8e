import { failureIn } from './failure';

it('reads what the error of a run states, and nothing of another form', () => {
  expect(failureIn({ code: 'STEP_EXIT', stepId: 'a', message: 'm', exitCode: 7, attempts: 1 })).toEqual({
    ...{ code: 'STEP_EXIT', stepId: 'a', message: 'm', exitCode: 7 },
  });
  const none = { code: null, stepId: null, message: null, exitCode: null };
  expect([failureIn({ code: 1, exitCode: '7' }), failureIn(null), failureIn('x')]).toEqual([none, none, none]);
});
