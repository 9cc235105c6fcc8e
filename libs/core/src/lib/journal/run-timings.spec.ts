import { packText, planned } from '../../testing/planning';
import { testRules } from '../../testing/random/random-plan';
import type { StepId } from '../foundation/ids';
import { indexPlan } from '../plan/plan-index';
import type { Entry } from '../run/entry';
import { RunTimings } from './run-timings';

type Event = Entry['event'];

const made = planned(
  packText(`
- { id: first, run: { uses: "builtin:noop" } }
- id: each
  map:
    items: "{{ [1, 2] }}"
    steps:
      - { id: work, run: { uses: "builtin:noop" } }
- id: again
  loop:
    until: "{{ index == 1 }}"
    body:
      - { id: turn, run: { uses: "builtin:noop" } }
`),
);
const index = indexPlan(made.plan, made.planHash, made.profile.defaults, testRules);
const step = (name: string) => name as StepId;

function folded(...events: readonly (readonly [number, object])[]): RunTimings {
  const timings = new RunTimings();
  events.forEach(([at, event], number) =>
    timings.take({ seq: number + 1, at, kind: 'derived', event: event as Event } as Entry),
  );
  return timings;
}
const started = (name: string, attempt = 1, execution = 1) => ({
  ...{ type: 'step.started', step: name },
  ...{ attempt, execution },
});

describe('the timings of a run', () => {
  it('have each execution of an attempt, with how it ended', () => {
    const timings = folded(
      [10, { type: 'run.started' }],
      [11, started('first')],
      [20, { type: 'attempt.failed', step: 'first', execution: 1 }],
      [20, { type: 'step.retrying', step: 'first', attempt: 2 }],
      [30, started('first', 2, 2)],
      [35, { type: 'attempt.lost', step: 'first', execution: 1 }],
      [40, started('first', 2, 3)],
      [50, { type: 'attempt.stopped', step: 'first', execution: 3, unknown: false }],
      [51, started('first', 3, 4)],
      [60, { type: 'attempt.succeeded', step: 'first', execution: 4 }],
      [61, { type: 'step.ended', step: 'first', status: 'succeeded' }],
      [62, started('again[0]::turn')],
    );
    expect(timings.executionsOf(step('first'))).toEqual([
      { attempt: 1, execution: 1, startedAt: 11, endedAt: 20, end: 'failed' },
      { attempt: 2, execution: 2, startedAt: 30, endedAt: 40, end: 'lost' },
      { attempt: 2, execution: 3, startedAt: 40, endedAt: 50, end: 'stopped' },
      { attempt: 3, execution: 4, startedAt: 51, endedAt: 60, end: 'succeeded' },
    ]);
    expect(timings.executionsOf(step('again[0]::turn'))).toEqual([
      { attempt: 1, execution: 1, startedAt: 62, endedAt: null, end: null },
    ]);
    expect(timings.executionsOf(step('each'))).toEqual([]);
  });

  it('say from when a step waited for nothing but a slot', () => {
    const timings = folded(
      [10, { type: 'run.started' }],
      [20, { type: 'step.ended', step: 'first', status: 'succeeded' }],
      [25, { type: 'map.expanded', step: 'each', count: 2 }],
      [30, { type: 'step.opened', step: 'each[1]' }],
      [40, { type: 'step.ended', step: 'each', status: 'succeeded' }],
      [41, { type: 'map.expanded', step: 'again', count: 2 }],
      [42, { type: 'step.opened', step: 'again[0]' }],
      [50, { type: 'step.ended', step: 'again[0]', status: 'succeeded' }],
    );
    const queued = (name: string) => timings.queuedAt(index, step(name));
    expect(['first', 'each', 'again'].map(queued)).toEqual([10, 20, 40]);
    expect(['each[0]', 'each[1]', 'each[1]::work', 'each[0]::work'].map(queued)).toEqual([25, 25, 30, null]);
    expect(['again[0]', 'again[1]', 'again[0]::turn'].map(queued)).toEqual([41, 50, 42]);
  });

  it.each([
    ['first', 'succeeded', null],
    ['first', 'failed', 'stray'],
    ['first', 'running', 'stray once the run has ended'],
    ['each', 'succeeded', 'stray'],
    ['each', 'running', null],
  ])('know of a row of %s that says %s: %s', (name, status, what) => {
    const timings = folded(
      [10, { type: 'run.started' }],
      [20, { type: 'step.ended', step: 'first', status: 'succeeded' }],
    );
    const rows = [{ step: step(name), status }];
    expect(timings.strayOf(rows, false)).toBe(what === 'stray' ? rows[0] : undefined);
    expect(timings.strayOf(rows, true)).toBe(what === null ? undefined : rows[0]);
  });

  it('go on from where they are: an entry that was taken before is ignored', () => {
    const timings = folded([10, { type: 'run.started' }], [11, started('first')]);
    timings.take({ seq: 2, at: 11, kind: 'derived', event: started('first') as Event } as Entry);
    expect([timings.executionsOf(step('first')).length, timings.lastSeq, timings.size]).toEqual([1, 2, 3]);
    expect(new RunTimings().queuedAt(index, step('first'))).toBeNull();
  });
});
