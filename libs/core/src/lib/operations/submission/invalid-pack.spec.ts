import { faultAt } from '../../foundation/fault';
import { invalidPack } from './submit-run-error';

const at = (path: string) => faultAt('INPUT_UNKNOWN', path, 'x', 'y');

describe('errors that planning has found', () => {
  it('are those of the inputs if all are about inputs', () => {
    expect(invalidPack('PLAN_INVALID', [at('/inputs/a')]).message).toBe('the inputs have one error');
    expect(invalidPack('PLAN_INVALID', [at('/inputs/a'), at('/spec/steps/0')]).message).toBe('the pack has 2 errors');
    expect(invalidPack('PLAN_INVALID', []).message).toBe('the pack has 0 errors');
  });
});
