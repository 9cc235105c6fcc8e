import type { TickFacts } from './decide-tick';
import { skipMissed } from './skip-missed';

const MINUTE = 60_000;
const everyTen = (ms: number) => (Math.floor(ms / (10 * MINUTE)) + 1) * 10 * MINUTE;

function facts(now: number, maxSkips = 100): TickFacts {
  const timing = {
    cron: '*/10 * * * *',
    timeZone: 'UTC',
    overlap: 'allow',
    catchUp: 'all',
    catchUpWindowMs: 60 * MINUTE,
    until: null,
  } as const;
  return { timing, tick: 0, now, active: [], nextAfter: everyTen, limits: { graceMs: MINUTE, maxActive: 3, maxSkips } };
}

describe('ticks of which nobody knows what became', () => {
  it('are skipped, also those that are in time or would be caught up', () => {
    const skip = { kind: 'skip', reason: 'MISSED', first: 0 };
    expect(skipMissed(facts(0))).toEqual({ ...skip, last: 0, count: 1, next: 10 * MINUTE });
    expect(skipMissed(facts(35 * MINUTE))).toEqual({ ...skip, last: 30 * MINUTE, count: 4, next: 40 * MINUTE });
    expect(skipMissed(facts(35 * MINUTE, 3))).toEqual({ ...skip, last: 20 * MINUTE, count: 3, next: 30 * MINUTE });
  });

  it('are not those to come', () => expect(skipMissed(facts(-1))).toEqual({ kind: 'wait' }));
});
