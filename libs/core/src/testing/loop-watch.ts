import type { StepId } from '../lib/foundation/ids';
import { indexOf, isItem, repeatOf, ROOT } from '../lib/plan/place';
import { nodeAt, type PlanIndex } from '../lib/plan/plan-index';
import type { LoopNode } from '../lib/plan/plan';
import type { Turn } from '../lib/run/advance';
import type { Derived, InputEvent } from '../lib/run/run-event';
import type { ValueRef } from '../lib/step/value-ref';

interface Seen {
  readonly count: number;
  open: number | null;
  ended: number;
  endedAt: number;
  failures: number;
  last: ValueRef;
  /** What `until` was of the iteration that ended last. */
  judged: boolean | 'fault' | null;
  judgedAt: number;
}

/** Watches the loops of a run from outside, by their events alone (docs/guides/writing-packs.md, Loop): says what breaks their rules. */
export class LoopWatch {
  private readonly loops = new Map<StepId, Seen>();

  constructor(
    private readonly index: PlanIndex,
    private readonly wrong: (what: string) => void,
  ) {}

  /** How many iterations any loop of this run began. */
  iterations = 0;

  take(input: InputEvent, turn: Turn): void {
    if (input.type === 'question.answered' && input.question === 'until' && turn.events[0]?.type !== 'given.ignored')
      this.judged(input);
    for (const event of turn.events) this.event(event, input.at);
    for (const command of turn.commands) {
      if (command.type !== 'answer' || command.question !== 'until') continue;
      const seen = this.loops.get(repeatOf(command.step));
      if (seen === undefined || seen.open !== null || seen.ended !== indexOf(command.step))
        this.wrong(`until is asked of ${command.step}, which is not the iteration that ended last`);
    }
  }

  private judged(input: Extract<InputEvent, { type: 'question.answered' }>): void {
    const seen = this.loops.get(repeatOf(input.step));
    if (seen === undefined) return this.wrong(`until of ${input.step} is answered before the loop began`);
    seen.judged = input.answer.kind === 'truth' ? input.answer.value : 'fault';
    seen.judgedAt = input.at;
  }

  private event(event: Derived, at: number): void {
    if (event.type === 'map.expanded' && this.nodeOf(event.step) !== null) {
      const { count } = event;
      const fresh: Seen = {
        count,
        open: null,
        ended: -1,
        endedAt: 0,
        failures: 0,
        last: null,
        judged: null,
        judgedAt: 0,
      };
      this.loops.set(event.step, fresh);
    } else if (event.type === 'step.opened' && isItem(event.step)) this.opened(event.step, at);
    else if (event.type === 'step.ended' && isItem(event.step)) this.itemEnded(event, at);
    else if (event.type === 'step.ended') this.loopEnded(event);
  }

  private nodeOf(step: StepId): LoopNode | null {
    if (step === ROOT) return null;
    const { node } = nodeAt(this.index, step);
    return node.kind === 'loop' ? node : null;
  }

  private opened(item: StepId, at: number): void {
    const node = this.nodeOf(repeatOf(item));
    const seen = this.loops.get(repeatOf(item));
    if (node === null) return;
    if (seen === undefined) return this.wrong(`${item} begins before its loop`);
    this.iterations += 1;
    if (seen.open !== null) this.wrong(`${item} begins while iteration ${seen.open} is under way`);
    if (indexOf(item) !== seen.ended + 1) this.wrong(`${item} follows iteration ${seen.ended}`);
    if (indexOf(item) >= seen.count) this.wrong(`${item} is one too many`);
    if (indexOf(item) > 0) {
      if (node.until !== null && seen.judged !== false) this.wrong(`${item} begins and until was ${seen.judged}`);
      const from = node.until === null ? seen.endedAt : seen.judgedAt;
      if (at < from + node.delayMs) this.wrong(`${item} did not wait for its delay`);
      if (seen.failures > 0 && !node.continueOnError) this.wrong(`${item} begins after a failure`);
    }
    seen.open = indexOf(item);
    seen.judged = null;
  }

  private itemEnded({ step, status, outputs }: Extract<Derived, { type: 'step.ended' }>, at: number): void {
    const seen = this.loops.get(repeatOf(step));
    if (this.nodeOf(repeatOf(step)) === null || seen === undefined) return;
    Object.assign(seen, { open: null, ended: indexOf(step), endedAt: at, last: outputs, judged: null });
    if (status === 'failed') seen.failures += 1;
  }

  private loopEnded({ step, status, code, outputs }: Extract<Derived, { type: 'step.ended' }>): void {
    const node = this.nodeOf(step);
    const seen = this.loops.get(step);
    if (node === null || seen === undefined) return;
    if (seen.open !== null) this.wrong(`${step} ends while iteration ${seen.open} is under way`);
    const all = seen.ended + 1 === seen.count;
    if (status === 'succeeded') {
      if (seen.failures > 0) this.wrong(`${step} succeeds although an iteration failed`);
      if (node.until === null ? !all : seen.judged !== true) this.wrong(`${step} succeeds too early`);
    }
    if (code === 'LOOP_EXHAUSTED' && seen.failures === 0 && (node.until === null || !all || seen.judged === true))
      this.wrong(`${step} is not exhausted`);
    const refers = outputs?.digest ?? null;
    if (node.aggregation === 'last' && refers !== (seen.last?.digest ?? null))
      this.wrong(`${step} does not yield its last iteration`);
    if (node.aggregation === 'collect' && outputs?.kind === 'children' && outputs.count !== seen.ended + 1)
      this.wrong(`${step} yields ${outputs.count} of ${seen.ended + 1} iterations`);
  }
}
