import type { RunState } from '../../run/run-state';
import { withoutOutcomes } from './refused-turn';
import type { Arrival } from './turn-builder';

const input = (type: string, more: object = {}): Arrival =>
  ({ kind: 'given', body: { type, step: 'a', execution: 1, ...more } }) as unknown as Arrival;
const fact = (type: string): Arrival => ({ kind: 'fact', fact: { type } }) as unknown as Arrival;
const state = (stopping: string | null): RunState =>
  ({ steps: new Map([['a', { kind: 'running', execution: 1, stopping }]]) }) as unknown as RunState;
const reported = (left: readonly Arrival[] | null): string[] | null =>
  left?.map((one) => (one.kind === 'given' ? one.body.type : one.kind === 'fact' ? one.fact.type : 'letter')) ?? null;

describe('what is left of a refused turn', () => {
  it.each<[string, readonly Arrival[], string | null, string[] | null]>([
    [
      'drops an outcome, and fails',
      [input('run.claimed'), input('attempt.succeeded')],
      null,
      ['run.claimed', 'run.failed'],
    ],
    [
      'proves a stopped execution over',
      [fact('log'), input('attempt.succeeded')],
      'cancel',
      ['log', 'run.failed', 'attempt.stopped'],
    ],
    [
      'keeps an earlier failure, which names the outcome',
      [fact('artifact.captured'), input('run.failed'), input('attempt.stopped')],
      null,
      ['run.failed'],
    ],
    [
      'drops an outcome beside a failure',
      [input('run.failed'), input('attempt.succeeded')],
      'cancel',
      ['run.failed', 'attempt.stopped'],
    ],
    ['gives up where only stops are left', [input('run.failed'), input('attempt.stopped')], 'cancel', null],
    ['gives up where nothing is left', [input('run.claimed'), input('run.failed')], null, null],
  ])('%s', (_what, taken, stopping, expected) => {
    expect(reported(withoutOutcomes(taken, state(stopping), 'no'))).toEqual(expected);
  });
});
