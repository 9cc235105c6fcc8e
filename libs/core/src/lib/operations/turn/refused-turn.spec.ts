import { afterRefusal } from './refused-turn';
import type { Arrival } from './turn-builder';

const input = (type: string, more: object = {}): Arrival =>
  ({ kind: 'given', body: { type, step: 'a', execution: 1, ...more } }) as unknown as Arrival;
const fact = (type: string): Arrival => ({ kind: 'fact', fact: { type } }) as unknown as Arrival;
const reported = (left: readonly Arrival[] | null): string[] | null =>
  left?.map((one) => (one.kind === 'given' ? one.body.type : one.kind === 'fact' ? one.fact.type : 'letter')) ?? null;

describe('what is left of a refused turn', () => {
  it.each<[string, readonly Arrival[], string[] | null]>([
    [
      'fails the run before an outcome',
      [input('run.claimed'), input('attempt.succeeded')],
      ['run.claimed', 'run.failed', 'attempt.succeeded'],
    ],
    [
      'keeps what executions reported, and drops other input',
      [fact('log'), fact('artifact.captured'), input('policy.judged'), input('attempt.failed')],
      ['log', 'run.failed', 'artifact.captured', 'attempt.failed'],
    ],
    [
      'then drops the content of outcomes',
      [fact('artifact.captured'), input('run.failed'), input('attempt.succeeded'), input('attempt.stopped')],
      ['run.failed', 'attempt.failed', 'attempt.stopped'],
    ],
    [
      'then drops facts',
      [fact('artifact.captured'), input('run.failed'), input('attempt.stopped')],
      ['run.failed', 'attempt.stopped'],
    ],
    ['gives up where only stops are left', [input('run.failed'), input('attempt.stopped')], null],
    [
      'gives up where outcomes have no content left',
      [input('run.failed'), input('attempt.failed', { code: 'ENGINE_COMMIT_REFUSED' })],
      null,
    ],
    ['gives up where nothing is left', [input('run.claimed'), input('run.failed')], null],
  ])('%s', (_what, taken, expected) => {
    expect(reported(afterRefusal(taken, 'no'))).toEqual(expected);
  });

  it('says that an execution ended, and how', () => {
    const left = afterRefusal(
      [input('run.failed'), input('attempt.failed', { code: 'X', message: 'x', exitCode: 7 })],
      'no',
    );
    expect(left?.at(-1)).toMatchObject({ body: { code: 'ENGINE_COMMIT_REFUSED', retryable: false, exitCode: 7 } });
  });
});
