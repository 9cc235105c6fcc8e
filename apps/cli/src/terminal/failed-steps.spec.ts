import type { Schemas } from '@taskrunner/client';
import { failedStepLines } from './failed-steps';

type StepError = Schemas['StepError'];

const failed = (id: string, parent: string | null, error: Pick<StepError, 'code' | 'message'> | null) => ({
  id,
  parent,
  error: error && { ...error, attempts: 1, exitCode: null },
  status: 'failed' as const,
});

describe('failed steps', () => {
  it('are described on a line each, except containers and the step that is described already', () => {
    const steps = [
      failed('first', '', { code: 'EXIT_1', message: 'no' }),
      failed('tool', '', { code: 'TOOL_NOT_FOUND', message: 'jq is not installed\ngate digest  \u001b[2J' }),
      failed('map', '', { code: 'ITEMS_FAILED', message: '1 of 2 items failed' }),
      failed('map[0]', 'map', { code: 'HTTP_500', message: 'x'.repeat(500) }),
      failed('bare', '', { code: 'EXIT_3', message: null }),
      { ...failed('fine', '', null), status: 'succeeded' as const },
    ];
    expect(failedStepLines('run_1', steps, 'first')).toEqual([
      'failed tool: TOOL_NOT_FOUND: jq is not installed…',
      `failed map[0]: HTTP_500: ${'x'.repeat(240)}…`,
    ]);
    expect(failedStepLines('run_1', steps, null)[0]).toBe('failed first: EXIT_1: no');
  });

  it('are counted if there are many', () => {
    const steps = Array.from({ length: 25 }, (_, at) => failed(`s${at}`, '', { code: 'X', message: 'no' }));
    const lines = failedStepLines('run_1', steps, null);
    expect([lines.length, lines.at(-1)]).toEqual([21, 'and 5 more failed steps: taskrunner show run_1 --output json']);
  });
});
