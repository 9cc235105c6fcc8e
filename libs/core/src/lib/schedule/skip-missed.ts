import { decideTick, type TickDecision, type TickFacts } from './decide-tick';

/**
 * The decision about due ticks if their fate is unknown: every due tick is skipped as `MISSED`, regardless of the catch-up rule. The caller
 * repeats the call until it has to wait.
 */
export function skipMissed({ timing, limits, ...facts }: TickFacts): Exclude<TickDecision, { kind: 'run' }> {
  const decision = decideTick({
    ...facts,
    timing: { ...timing, catchUp: 'none' },
    // No tick is in time.
    limits: { ...limits, graceMs: -1 },
  });
  if (decision.kind === 'run') throw new TypeError('a tick without grace runs');
  return decision;
}
