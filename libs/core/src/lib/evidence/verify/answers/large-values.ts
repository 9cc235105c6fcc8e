import type { Digest } from '../../../foundation/ids';
import type { Entry } from '../../../journal/page';
import type { ValueRef } from '../../../step/value-ref';

/** Values of more bytes do not stand beside their journal page: they are in the object store. */
export const INLINE_VALUE_BYTES = 64 * 1024;

/** Up to so many bytes of them, all together, are laid beside their pages when a run is sealed, where its questions read them. */
export const LARGE_VALUE_BYTES = 64 * 1024 * 1024;

/** The large values that a journal names, with their sizes in bytes. */
export function largeValues(entries: Iterable<Entry>): ReadonlyMap<Digest, number> {
  const found = new Map<Digest, number>();
  for (const entry of entries)
    for (const ref of valuesOf(entry))
      if (ref?.kind === 'value' && ref.size > INLINE_VALUE_BYTES) found.set(ref.digest, ref.size);
  return found;
}

/** The values that an entry brings. */
export function valuesOf({ event }: Entry): readonly ValueRef[] {
  switch (event.type) {
    case 'attempt.succeeded':
    case 'attention.resolved':
    case 'step.ended':
    case 'run.ended':
      return [event.outputs];
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
        case 'gate':
          return [event.answer.request];
        default:
          return [];
      }
    default:
      return [];
  }
}
