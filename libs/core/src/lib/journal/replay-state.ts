import { RunProjection } from '../binding/run-projection';
import type { RunState } from '../run/run-state';
import type { Entry } from './page';
import { NO_SNAPSHOT, takeSnapshot, type LastSnapshot, type RestorePoint } from './snapshot';

/** Follows a replay and checks that snapshots agree with it. */
export interface Companion {
  /** Applies the next entry. `state` is the machine's state before it. Returns false for a snapshot of a different state. */
  take(entry: Entry, state: RunState): boolean;
}

/** The companion for a journal without snapshots, if nothing besides the machine's state is needed. */
export const NOBODY: Companion = { take: () => true };

/** The state besides the machine's that a journal determines. A replay updates it. */
export class ReplayState implements Companion {
  readonly results: RunProjection;
  fence: number;
  lastLine: number;

  /** From the beginning, or from a snapshot. */
  constructor(
    from: Omit<RestorePoint, 'state'> = { results: new RunProjection(), fence: 0, lastLine: 0 },
    public last: LastSnapshot = NO_SNAPSHOT,
  ) {
    this.results = from.results;
    this.fence = from.fence;
    this.lastLine = from.lastLine;
  }

  /** Applies the next entry. `state` is the machine's state before it. Returns false for a snapshot of a different state. */
  take(entry: Entry, state: RunState): boolean {
    const { event } = entry;
    this.results.take(entry);
    if (event.type === 'run.claimed') this.fence = event.fence;
    if (event.type === 'log') this.lastLine += event.lines;
    if (event.type !== 'state') return true;
    const { results, fence, lastLine } = this;
    const { digest } = takeSnapshot(this.last, { state, results, fence, lastLine });
    if (event.digest !== digest) return false;
    this.last = { seq: entry.seq, digest, steps: state.steps };
    results.settle();
    return true;
  }
}
