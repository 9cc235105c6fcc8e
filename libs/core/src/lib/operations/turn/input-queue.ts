import type { TurnBuilder, Arrival, QueuedInput } from './turn-builder';

/** Number of entries after which a turn takes no more outcomes, unless it began with input that belongs together. */
const ENTRIES = 256;

/** The driver's input that waits for a turn, in the order in which turns take it. */
export class InputQueue {
  private readonly waiting: Arrival[] = [];
  private readonly held: Arrival[] = [];

  /** Input that a turn would take now. */
  get count(): number {
    return this.waiting.length;
  }

  /** Input that waits for other input. */
  get heldCount(): number {
    return this.held.length;
  }

  push(...arrivals: readonly Arrival[]): void {
    this.release();
    this.waiting.push(...arrivals);
  }

  /** Adds input that needs no turn of its own. The next turn takes it, if there is other input, or once it is released. */
  hold(arrival: Arrival): void {
    this.held.push(arrival);
  }

  /** Held input waits no longer. */
  release(): void {
    this.waiting.push(...this.held.splice(0));
  }

  /** Puts back the input of a turn that was dropped. */
  giveBack(arrivals: readonly Arrival[]): void {
    this.waiting.unshift(...arrivals);
  }

  /**
   * Decisions and requests of people precede outcomes, including outcomes that came through the inbox. These people were answered before
   * the outcomes are in the journal. So a run that was asked to cancel does not end as succeeded, and a decision is not overtaken by the
   * event that closes its gate or fails the run.
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

  /** Takes the available input for a turn; true if there was any. */
  takeInto(turn: TurnBuilder): boolean {
    const before = turn.taken.length;
    if (this.waiting.length > 0) this.release();
    if (turn.state.phase === 'queued') this.cancelFirst();
    // Closing events commit only if every inbox message has been taken. Messages of people are not left for a turn in which a timer closes
    // a gate. The starts of a claim and the failure of the run belong together.
    while (turn.entries.length < ENTRIES || turn.ended || turn.closes || this.waiting.some(isUrgent)) {
      const arrival = this.waiting.shift();
      if (!arrival) break;
      turn.taken.push(arrival);
      if (arrival.kind !== 'parts') takePart(turn, arrival);
      else for (const part of arrival.parts) if (isCurrent(turn, part)) takePart(turn, part);
      if (arrival.kind === 'parts' && arrival.assignment) turn.assignments.push(arrival.assignment);
    }
    // Messages are not taken in the order of the inbox. One that still waits keeps the inbox position from moving past it.
    const waits = this.waiting.reduce((least, { inboxPosition }) => Math.min(least, inboxPosition ?? least), Infinity);
    const last = turn.taken.reduce((most, { inboxPosition }) => Math.max(most, inboxPosition ?? most), turn.seen);
    turn.seen = Math.max(turn.seen, Math.min(last, waits - 1));
    return turn.taken.length > before;
  }

  /** A run that is cancelled before it began does not begin, not even for cleanup, because another run may hold its concurrency group. */
  private cancelFirst(): void {
    const place = this.waiting.findIndex((one) => one.kind === 'given' && one.body.type === 'run.cancel-requested');
    if (place > 0) this.waiting.unshift(...this.waiting.splice(place, 1));
  }
}

function takePart(turn: TurnBuilder, part: QueuedInput): void {
  if (part.kind === 'fact') turn.record(part.fact);
  else turn.give(part.body);
}

/** Input about an ended execution is dropped, because its lines would be numbered twice. */
function isCurrent({ state }: TurnBuilder, part: QueuedInput): boolean {
  if (part.kind === 'given' || !('execution' in part.fact)) return true;
  const step = state.steps.get(part.fact.step);
  return step?.kind === 'running' && step.execution === part.fact.execution;
}

/**
 * An outcome that came through the inbox: of an assigned execution, a person's resolution, or a message that fails the run. Dispatches to
 * other workers are here too.
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
