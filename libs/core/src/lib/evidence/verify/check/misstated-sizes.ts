import { canonical } from '../../../canonical/canonical';
import type { Digest } from '../../../foundation/ids';
import type { Json } from '../../../foundation/json';
import type { Page } from '../../../journal/page';
import { toUtf8 } from '../../encoding/strict-json';
import { INLINE_VALUE_BYTES, valuesOf } from '../answers/large-values';

/**
 * Description of the first available value whose recorded size is wrong; null if there is none. The size decides whether a value may be
 * left out of a bundle. Sizes of values that no page holds are assertions of their worker.
 */
export function misstatedSize(pages: readonly Page[]): string | null {
  const held = new Map<Digest, Json>(pages.flatMap(({ values }) => Object.entries(values) as [Digest, Json][]));
  const reported = new Map<Digest, number>();
  for (const { entries } of pages)
    for (const entry of entries)
      for (const ref of valuesOf(entry)) {
        if (ref?.kind !== 'value' || reported.get(ref.digest) === ref.size) continue;
        if (reported.has(ref.digest)) return `entry ${entry.seq}: ${ref.digest} has two sizes`;
        reported.set(ref.digest, ref.size);
        const value = held.get(ref.digest);
        // A value below the limit is beside its page regardless of its exact size.
        if (value === undefined || ref.size <= INLINE_VALUE_BYTES) continue;
        const size = toUtf8(canonical(value)).length;
        if (size !== ref.size) return `entry ${entry.seq}: ${ref.digest} has ${size} bytes, not ${ref.size}`;
      }
  return null;
}
