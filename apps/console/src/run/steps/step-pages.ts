import type { Step, StepStatus } from '@taskrunner/client';
import type { Page } from '../../api/pages';

/** The order in which the items of a map are shown: first those that need somebody, then what is under way. */
const FAILURES_FIRST: readonly StepStatus[] = [
  'needs_attention',
  'failed',
  'retrying',
  'waiting',
  'running',
  'cancelled',
  'pending',
  'succeeded',
  'skipped',
];

/** Where a page begins: in one of the groups, after a cursor of its list. */
export interface StepPlace {
  readonly group: number;
  readonly cursor: string | null;
}

export const FIRST_PLACE: StepPlace = { group: 0, cursor: null };

/** A page of steps, and where the next one begins; null: it is the last. */
interface StepPage {
  readonly items: readonly Step[];
  readonly next: StepPlace | null;
}

/** The lists that follow each other in a table: one for each status, or one in plan order (null). */
export function groupsOf(status: StepStatus | undefined, isByStatus: boolean): readonly (StepStatus | null)[] {
  if (status !== undefined) return [status];
  return isByStatus ? FAILURES_FIRST : [null];
}

interface StepReading {
  readonly read: (status: StepStatus | null, cursor: string | null, limit: number) => Promise<Page<Step>>;
  readonly groups: readonly (StepStatus | null)[];
  /** Groups that have no steps are not asked for. */
  readonly counts: Readonly<Partial<Record<StepStatus, number>>>;
}

/** Reads one page: the rest of a group, and as much of the next ones as fits. */
export async function readStepPage(reading: StepReading, place: StepPlace, limit: number): Promise<StepPage> {
  const { read, groups } = reading;
  const filled = (from: number): number => {
    let group = from;
    while (group < groups.length && isEmpty(reading, group)) group += 1;
    return group;
  };
  const items: Step[] = [];
  let { cursor } = place;
  let group = cursor === null ? filled(place.group) : place.group;
  while (group < groups.length && items.length < limit) {
    const page = await read(groups[group] ?? null, cursor, limit - items.length);
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === null) group = filled(group + 1);
  }
  return { items, next: group < groups.length ? { group, cursor } : null };
}

function isEmpty({ groups, counts }: StepReading, group: number): boolean {
  const status = groups[group] ?? null;
  return status !== null && (counts[status] ?? 0) === 0;
}
