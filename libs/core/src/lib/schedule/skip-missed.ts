import { decideTick, type TickDecision, type TickFacts } from './decide-tick';

/**
 * What a schedule does about a tick while nobody knows what became of it: every tick that is due is skipped as `MISSED`, whatever its
 * catch-up rule says. The caller asks again until it is told to wait.
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
