import { RunProjection } from '../binding/run-projection';
import { MACHINE_VERSION, type RunState } from '../run/run-state';
import type { Entry } from './page';
import { NO_SNAPSHOT, takeSnapshot, type LastSnapshot, type RestorePoint } from './snapshot';

/** Goes along with a replay, and says whether snapshots are what they stand for. */
export interface Companion {
  /** Takes the next entry, before which the machine stands in `state`; false if it is a snapshot of something else. */
  take(entry: Entry, state: RunState): boolean;
}

/** The companion for a journal without snapshots, of which nobody asks what else it has said. */
export const NOBODY: Companion = { take: () => true };

/** What a journal has said so far, beside the state of its machine: whoever replays one lets it go along. */
export class ReplayState implements Companion {
  readonly results: RunProjection;
  fence: number;
  lastLine: number;

  /** From the start, or from where a snapshot has left it. */
  constructor(
    from: Omit<RestorePoint, 'state'> = { results: new RunProjection(), fence: 0, lastLine: 0 },
    public last: LastSnapshot = NO_SNAPSHOT,
  ) {
    this.results = from.results;
    this.fence = from.fence;
    this.lastLine = from.lastLine;
  }

  /** Takes the next entry, before which the machine stands in `state`; false if it is a snapshot of something else. */
  take(entry: Entry, state: RunState): boolean {
    const { event } = entry;
    this.results.take(entry);
    if (event.type === 'run.claimed') this.fence = event.fence;
    if (event.type === 'log') this.lastLine += event.lines;
    if (event.type !== 'state') return true;
    const { results, fence, lastLine } = this;
    const { digest } = takeSnapshot(this.last, { state, results, fence, lastLine });
    if (event.machine !== MACHINE_VERSION || event.digest !== digest) return false;
    this.last = { seq: entry.seq, digest, steps: state.steps };
    results.settle();
    return true;
  }
}
