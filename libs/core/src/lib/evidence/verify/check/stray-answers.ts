import { sameJson } from '../../../canonical/same-json';
import type { StepId } from '../../../foundation/ids';
import type { Entry } from '../../../journal/page';

/** Ends of a step that is interrupted while a question about it is pending. A step that is skipped or succeeds has no pending question. */
const INTERRUPTED: ReadonlySet<string> = new Set(['failed', 'cancelled']);

/**
 * Description of the first ignored answer that expressions would see (a branch, a reused step, a policy verdict) and that the run did not
 * ask for or that contradicts an earlier answer; null if there is none. A worker asks each question once, and an honest answer is ignored
 * only if its step was interrupted meanwhile. Any other ignored answer would replace what expressions see.
 */
export function strayAnswer(entries: readonly Entry[]): string | null {
  const taken = new Map<string, object>();
  const ends = new Map<StepId, string>();
  let pending: { readonly key: string; readonly step: StepId; readonly said: object; readonly seq: number } | null =
    null;
  for (const { seq, kind, event } of entries) {
    if (kind === 'given' && pending !== null) {
      taken.set(pending.key, pending.said);
      pending = null;
    }
    if (event.type === 'question.answered' && ['branch', 'reuse'].includes(event.answer.kind))
      pending = { key: `${event.answer.kind} ${event.step}`, step: event.step, said: event.answer, seq };
    else if (event.type === 'policy.judged')
      pending = { key: `policy ${event.step}`, step: event.step, said: event, seq };
    else if (event.type === 'step.ended') ends.set(event.step, event.status);
    // Nothing reads the entries after it.
    else if (event.type === 'run.ended') return null;
    else if (event.type === 'given.ignored' && pending !== null) {
      const before = taken.get(pending.key);
      if (before === undefined ? !INTERRUPTED.has(ends.get(pending.step) ?? '') : !sameJson(before, pending.said))
        return `entry ${pending.seq}: an answer without a question`;
      pending = null;
    }
  }
  return null;
}
