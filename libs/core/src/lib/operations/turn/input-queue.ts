import type { TurnBuilder, Arrival, QueuedInput } from './turn-builder';

/** Entries after which a turn takes no more outcomes, unless what it began with belongs together. */
const ENTRIES = 256;

/** What has come to a driver and waits for a turn, in the order in which turns take it. */
export class InputQueue {
  private readonly waiting: Arrival[] = [];

  get count(): number {
    return this.waiting.length;
  }

  push(...arrivals: readonly Arrival[]): void {
    this.waiting.push(...arrivals);
  }

  /** What a turn had taken that came to nothing. */
  giveBack(arrivals: readonly Arrival[]): void {
    this.waiting.unshift(...arrivals);
  }

  /**
   * What people decided and asked goes before the outcomes that have come, also before those that came through the inbox: who was answered was
   * answered before they are in the journal, so a run that is asked to cancel does not end succeeded, and a decision is not overtaken by
   * what closes its gate, nor by what the run fails of.
   */
  pushMessages(messages: readonly Arrival[]): void {
    this.insert(
      messages.filter((one) => !isOutcomeByInbox(one)),
      (one) => isOutcomeHere(one) || isOutcomeByInbox(one),
    );
    this.insert(messages.filter(isOutcomeByInbox), isOutcomeHere);
  }

  private insert(arrivals: readonly Arrival[], before: (one: Arrival) => boolean): void {
    const place = this.waiting.findIndex(before);
    this.waiting.splice(place < 0 ? this.waiting.length : place, 0, ...arrivals);
  }

  /** A turn takes what there is; true if there was anything. */
  takeInto(turn: TurnBuilder): boolean {
    const before = turn.taken.length;
    if (turn.state.phase === 'queued') this.cancelFirst();
    // What closes commits only where every inbox message is taken. What people say is not left to a turn in which time closes a gate, and what a
    // claim starts and the run's failure belong together.
    while (turn.entries.length < ENTRIES || turn.ended || turn.closes || this.waiting.some(isUrgent)) {
      const arrival = this.waiting.shift();
      if (!arrival) break;
      turn.taken.push(arrival);
      if (arrival.kind !== 'parts') takePart(turn, arrival);
      else for (const part of arrival.parts) if (isCurrent(turn, part)) takePart(turn, part);
      if (arrival.kind === 'parts' && arrival.assignment) turn.assignments.push(arrival.assignment);
    }
    // They are not taken in the order of the inbox: one that still waits holds back the place of those after it.
    const waits = this.waiting.reduce((least, { inboxPosition }) => Math.min(least, inboxPosition ?? least), Infinity);
    const last = turn.taken.reduce((most, { inboxPosition }) => Math.max(most, inboxPosition ?? most), turn.seen);
    turn.seen = Math.max(turn.seen, Math.min(last, waits - 1));
    return turn.taken.length > before;
  }

  /** A run that is cancelled before it began does not begin, not even to clean up: others may hold its concurrency group. */
  private cancelFirst(): void {
    const place = this.waiting.findIndex((one) => one.kind === 'given' && one.body.type === 'run.cancel-requested');
    if (place > 0) this.waiting.unshift(...this.waiting.splice(place, 1));
  }
}

function takePart(turn: TurnBuilder, part: QueuedInput): void {
  if (part.kind === 'fact') turn.record(part.fact);
  else turn.give(part.body);
}

/** Of an execution that is over nothing more is taken: its lines would be numbered twice. */
function isCurrent({ state }: TurnBuilder, part: QueuedInput): boolean {
  if (part.kind === 'given' || !('execution' in part.fact)) return true;
  const step = state.steps.get(part.fact.step);
  return step?.kind === 'running' && step.execution === part.fact.execution;
}

/**
 * An outcome that came through the inbox: of an assigned execution, what a person says of one whose outcome nobody knew, a message that fails the run. A
 * dispatch to other workers stands there too.
 */
function isOutcomeByInbox(one: Arrival): boolean {
  if (one.kind === 'parts') return true;
  if (one.kind === 'fact') return false;
  return one.body.type === 'attention.resolved' || (one.inboxPosition !== undefined && one.body.type === 'run.failed');
}

function isUrgent(one: Arrival): boolean {
  return one.kind === 'given' && (one.inboxPosition !== undefined || one.body.type === 'run.failed');
}

function isOutcomeHere(one: Arrival): boolean {
  return one.kind === 'given' && one.inboxPosition === undefined && one.body.type !== 'run.claimed';
}
