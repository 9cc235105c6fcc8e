import type { Head } from '../../journal/chain';
import type { Command } from '../../run/command';
import type { RunState } from '../../run/run-state';
import type { TurnBuilder } from '../turn/turn-builder';
import type { Restored } from '../claimed-run/restore-run';

/** The committed state of a run. */
export class Position {
  state: RunState;
  head: Head;
  /** Time of the last entry, milliseconds since the epoch; 0 if there is none. */
  lastAt: number;
  /** Number of the last log line. */
  lastLine: number;
  /** Commands that may run before the next commit. */
  ahead: readonly Command[] = [];
  /** The journal has taken this claim. */
  begun = false;

  /** @param seen position of the last inbox message that a commit has taken */
  constructor(
    { state, head, lastAt, lastLine }: Pick<Restored, 'state' | 'head' | 'lastAt' | 'lastLine'>,
    public seen: number,
  ) {
    this.state = state;
    this.head = head;
    this.lastAt = lastAt;
    this.lastLine = lastLine;
  }

  /** Applies a committed turn. */
  accept(turn: TurnBuilder, head: Head): void {
    this.begun = true;
    this.state = turn.state;
    this.head = head;
    this.lastAt = turn.at;
    this.lastLine = turn.lastLine;
    this.seen = turn.seen;
    this.ahead = turn.ahead;
  }
}
