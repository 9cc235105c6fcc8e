import { extended } from '../foundation/extended';
import { sameJson } from '../canonical/same-json';
import type { PlanIndex } from '../plan/plan-index';
import { advance } from '../run/advance';
import type { Derived } from '../run/run-event';
import type { RunState } from '../run/run-state';
import type { Entry } from './page';
import { ReplayState, type Companion } from './replay-state';

/** The first entry at which a replay differs from the journal. */
interface Divergence {
  readonly seq: number;
  readonly expected: Derived | null;
}

/**
 * Feeds the input events to `advance` and requires exactly the journaled derived events (ADR 1). Each snapshot must agree with the
 * state, be of the machine of the run, and be between two turns. Other facts change nothing. A replay needs no values, no clock and no store.
 */
export function replay(
  index: PlanIndex,
  from: RunState,
  entries: Iterable<Entry>,
  replayState: Companion = new ReplayState(),
): { readonly state: RunState; readonly diverged: Divergence | null } {
  let state = from;
  let due: readonly Derived[] = [];
  let next = 0;
  let last = 0;
  for (const entry of entries) {
    last = entry.seq;
    const { event } = entry;
    const isOfOther = event.type === 'state' && event.machine !== index.machine;
    if (isOfOther || !replayState.take(entry, state)) return { state, diverged: { seq: entry.seq, expected: null } };
    if (entry.kind === 'fact') {
      if (entry.event.type === 'state' && next < due.length)
        return { state, diverged: { seq: entry.seq, expected: due[next] ?? null } };
      continue;
    }
    if (entry.kind === 'derived') {
      const expected = due[next++] ?? null;
      if (expected === null || !sameJson(expected, entry.event))
        return { state, diverged: { seq: entry.seq, expected } };
      continue;
    }
    if (next < due.length) return { state, diverged: { seq: entry.seq, expected: due[next] ?? null } };
    const turn = advance(index, state, extended(entry.event, { at: entry.at }));
    state = turn.state;
    due = turn.events;
    next = 0;
  }
  return { state, diverged: next < due.length ? { seq: last + 1, expected: due[next] ?? null } : null };
}
