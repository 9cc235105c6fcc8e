import type { Digest } from '../../../foundation/ids';
import type { Entry } from '../../../journal/page';
import type { ValueRef } from '../../../step/value-ref';

/** Maximum bytes of a value beside its journal page. Larger values are in the object store. */
export const INLINE_VALUE_BYTES = 64 * 1024;

/** Maximum total bytes of large values that are put beside their pages at sealing, if questions of the run read them. */
export const LARGE_VALUE_BYTES = 64 * 1024 * 1024;

/** The large values that a journal names, with their sizes in bytes. */
export function largeValues(entries: Iterable<Entry>): ReadonlyMap<Digest, number> {
  const found = new Map<Digest, number>();
  for (const entry of entries)
    for (const ref of valuesOf(entry))
      if (ref?.kind === 'value' && ref.size > INLINE_VALUE_BYTES) found.set(ref.digest, ref.size);
  return found;
}

/** The values that an entry adds. */
export function valuesOf({ event }: Entry): readonly ValueRef[] {
  switch (event.type) {
    case 'attempt.succeeded':
    case 'attention.resolved':
    case 'step.ended':
      return [event.outputs];
    case 'run.ended':
      return [event.outputs, event.message ?? null];
    case 'gate.decided':
      return [event.response];
    case 'policy.judged':
      return [event.input];
    case 'map.expanded':
      return [event.items];
    case 'pack.entered':
      return [event.inputs];
    case 'gate.opened':
      return [event.request];
    case 'question.answered':
      switch (event.answer.kind) {
        case 'items':
          return [event.answer.items];
        case 'inputs':
          return [event.answer.inputs];
        case 'outputs':
        case 'reuse':
          return [event.answer.outputs];
        case 'message':
          return [event.answer.message];
        case 'gate':
          return [event.answer.request];
        default:
          return [];
      }
    default:
      return [];
  }
}
