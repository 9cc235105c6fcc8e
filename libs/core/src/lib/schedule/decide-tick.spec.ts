import fc from 'fast-check';
import type { RunId } from '../foundation/ids';
import { decideTick, type TickDecision, type TickFacts } from './decide-tick';
import { tickAfter, type CatchUp, type Overlap, type Timing } from './timing';
import { searchedCases } from '../../testing/runs-of-laws';

const MINUTE = 60_000;
const RUN = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId;
const limits = { graceMs: MINUTE, maxActive: 3, maxSkips: 100 };
/** Every ten minutes. */
const everyTen = (ms: number) => (Math.floor(ms / (10 * MINUTE)) + 1) * 10 * MINUTE;

function facts(
  overlap: Overlap,
  catchUp: CatchUp,
  late: number,
  more: Partial<TickFacts> & { until?: number } = {},
): TickFacts {
  const timing: Timing = {
    cron: '*/10 * * * *',
    timeZone: 'UTC',
    overlap,
    catchUp,
    catchUpWindowMs: 60 * MINUTE,
    until: more.until ?? null,
  };
  return { timing, tick: 0, now: late, active: [], nextAfter: everyTen, limits, ...more };
}

const at = (minutes: number) => minutes * MINUTE;
const run = (next: number | null, replaces: RunId[] = []) => ({ kind: 'run', tick: 0, next, replaces });
const skip = (reason: string, last: number, count: number, next: number | null) => ({
  kind: 'skip',
  reason,
  first: 0,
  last,
  count,
  next,
});

describe('a tick', () => {
  it.each<[string, TickFacts, unknown]>([
    ['not due waits', facts('forbid', 'none', -1), { kind: 'wait' }],
    ['in time runs', facts('forbid', 'none', 500), run(at(10))],
    ['at the end of the grace runs', facts('forbid', 'none', MINUTE), run(at(10))],
    ['after the grace is missed', facts('forbid', 'none', MINUTE + 1), skip('MISSED', 0, 1, at(10))],
    ['late with catch-up runs', facts('forbid', 'latest', at(9)), run(at(10))],
    [
      'of many missed is skipped, with those like it',
      facts('forbid', 'none', at(35)),
      skip('MISSED', at(30), 4, at(40)),
    ],
    ['is skipped for the latest', facts('forbid', 'latest', at(35)), skip('SUPERSEDED', at(20), 3, at(30))],
    ['of all runs first', facts('allow', 'all', at(35)), run(at(10))],
    ['outside the window is missed', facts('allow', 'all', at(75)), skip('MISSED', at(10), 2, at(20))],
    ['outside the window is not the latest', facts('allow', 'latest', at(75)), skip('MISSED', at(10), 2, at(20))],
    ['while one runs is skipped', facts('forbid', 'none', 500, { active: [RUN] }), skip('OVERLAP', 0, 1, at(10))],
    ['while one runs replaces it', facts('replace', 'none', 500, { active: [RUN] }), run(at(10), [RUN])],
    ['while one runs runs beside it', facts('allow', 'none', 500, { active: [RUN] }), run(at(10))],
    [
      'beyond the limit is skipped',
      facts('allow', 'none', 1, { active: [RUN, RUN, RUN] }),
      skip('ACTIVE_LIMIT', 0, 1, at(10)),
    ],
    [
      'beyond the limit replaces nothing',
      facts('replace', 'none', 1, { active: [RUN, RUN, RUN] }),
      skip('ACTIVE_LIMIT', 0, 1, at(10)),
    ],
    ['is the last before until', facts('forbid', 'none', 500, { until: at(10) - 1 }), run(null)],
    ['at until still comes', facts('forbid', 'none', 500, { until: at(10) }), run(at(10))],
    ['is the latest, if until cuts off those after it', facts('forbid', 'latest', at(35), { until: at(5) }), run(null)],
    ['is skipped in portions', facts('forbid', 'none', at(9_995)), skip('MISSED', at(990), 100, at(1_000))],
  ])('%s', (_name, supplied, expected) => expect(decideTick(supplied)).toEqual(expected));
});

/** Asks until told to wait, as the caller does. */
function follow(start: TickFacts): TickDecision[] {
  const decisions: TickDecision[] = [];
  let tick: number | null = start.tick;
  while (tick !== null) {
    const decision: TickDecision = decideTick({ ...start, tick });
    if (decision.kind === 'wait') break;
    decisions.push(decision);
    tick = decision.next;
  }
  return decisions;
}

describe('every schedule', () => {
  it('accounts for each tick exactly once and in order, moves on, and runs what its rule says', () => {
    const cases = fc.record({
      gaps: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }),
      overlap: fc.constantFrom<Overlap>('allow', 'forbid', 'replace'),
      catchUp: fc.constantFrom<CatchUp>('none', 'latest', 'all'),
      window: fc.integer({ min: 0, max: 600 }),
      now: fc.integer({ min: 0, max: 2_000 }),
      until: fc.option(fc.integer({ min: 0, max: 2_000 })),
      active: fc.constantFrom<RunId[]>([], [RUN]),
      maxSkips: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(cases, ({ gaps, overlap, catchUp, window, now, until, active, maxSkips }) => {
        const ticks = gaps
          .reduce<number[]>((all, gap) => [...all, (all.at(-1) ?? 0) + gap], [])
          .map((one) => one * MINUTE);
        const nextAfter = (ms: number) => ticks.find((one) => one > ms) ?? null;
        const timing: Timing = {
          cron: '',
          timeZone: '',
          overlap,
          catchUp,
          catchUpWindowMs: window * MINUTE,
          until: until === null ? null : until * MINUTE,
        };
        const tick = tickAfter(timing, nextAfter, 0);
        if (tick === null) return;
        const reported = { timing, tick, now: now * MINUTE, active, nextAfter, limits: { ...limits, maxSkips } };
        const due = ticks.filter((one) => one <= reported.now && (timing.until === null || one <= timing.until));
        const decisions = follow(reported);
        const covered = decisions.flatMap((decision) =>
          decision.kind === 'run'
            ? [decision.tick]
            : decision.kind === 'skip'
              ? due.filter((one) => one >= decision.first && one <= decision.last)
              : [],
        );
        expect(covered).toEqual(due);
        const ran = decisions.flatMap((decision) => (decision.kind === 'run' ? [decision.tick] : []));
        const allowed = catchUp === 'none' ? limits.graceMs : Math.max(limits.graceMs, window * MINUTE);
        const timely = due.filter((one) => reported.now - one <= allowed);
        const wanted = catchUp === 'latest' ? timely.slice(-1) : timely;
        expect(ran).toEqual(overlap === 'forbid' && active.length > 0 ? [] : wanted);
        for (const decision of decisions)
          if (decision.kind === 'skip')
            expect(decision.count).toBe(covered.filter((one) => one >= decision.first && one <= decision.last).length);
      }),
      searchedCases(500, 5_000),
    );
  });
});
