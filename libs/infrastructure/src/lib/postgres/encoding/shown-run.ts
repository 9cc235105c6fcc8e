import { hasEnded, isJsonObject, isOver, runStatuses, type JsonObject } from '@taskrunner/core/foundation';
import { isStoredTime, isStoredTimeOrNull } from '@taskrunner/core/stored';
import type { SummaryRow } from './summary-row';

type Shape = (value: unknown, row: SummaryRow) => boolean;

/** The shape of each column that is shown and that no digest names. Only an ended run has outputs, and one that is over an error. `none` is shown of a run that is known to be altered. */
const SHAPES: readonly (readonly [
  name: string,
  column: keyof SummaryRow,
  isGood: Shape,
  none: (row: SummaryRow) => unknown,
])[] = [
  ['the status', 'status', isStatus, () => 'halted'],
  ['the status of its evidence', 'evidence_status', isEvidenceStatus, () => 'refused'],
  ['the requester', 'requester', isRequester, () => ({ iss: '', sub: '', name: '' })],
  ['the labels', 'labels', isTexts, () => ({})],
  [
    'the time of its creation',
    'created_ms',
    isStoredTime,
    ({ run_id: id }) => Number.parseInt(id.replace('-', '').slice(0, 12), 16),
  ],
  ['the time of its start', 'started_ms', isStoredTimeOrNull, () => null],
  ['the time of its end', 'finished_ms', isStoredTimeOrNull, () => null],
  ['what it waits for', 'waits', isWaits, () => []],
  ['the counts of its steps', 'counts', isObjectOrNull, () => ({})],
  [
    'its outputs',
    'outputs',
    (value, row) => value === null || (hasEnded(row.status) && isObjectOrNull(value)),
    () => null,
  ],
  ['its message', 'message', isObjectOrNull, () => null],
  ['its error', 'error', (value, row) => value === null || (isOver(row.status) && isObjectOrNull(value)), () => null],
  ['the number of its changes', 'version', isCount, () => 0],
  ['the number of its log lines', 'last_line', isCount, () => 0],
  ['the export of its evidence', 'exports', isExports, () => []],
];

/** The first column whose value no row of the product has; null: none. */
export function misshapenColumn(row: SummaryRow): string | null {
  return SHAPES.find(([, column, isGood]) => !isGood(row[column], row))?.[0] ?? null;
}

/** The row of a run that is known to be altered, without values that cannot be shown. */
export function withoutMisshapen(row: SummaryRow): SummaryRow {
  const wrong = SHAPES.filter(([, column, isGood]) => !isGood(row[column], row));
  return { ...row, ...Object.fromEntries(wrong.map(([, column, , none]) => [column, none(row)])) };
}

/** The mark of an altered run as `mark_altered` writes it; null: the column has none, or something that nobody marks a run with. */
export function markOf(altered: unknown): JsonObject | null {
  if (!isJsonObject(altered as never)) return null;
  const mark = altered as JsonObject;
  return mark['code'] === 'DOCUMENT_ALTERED' && typeof mark['message'] === 'string' && isReadable(mark) ? mark : null;
}

export function isRequester(value: unknown): boolean {
  return isTexts(value) && ['iss', 'sub', 'name'].every((name) => name in (value as JsonObject));
}

export function isTexts(value: unknown): boolean {
  return (
    isJsonObject(value as never) &&
    Object.values(value as JsonObject).every((one) => typeof one === 'string') &&
    isReadable(value)
  );
}

/** In a JSON text, NUL or half of a surrogate pair. The function `readable` of the database has the same pattern. */
const UNREADABLE = /(^|[^\\])(\\\\)*\\u(0000|d[89a-f])/i;

/** A value that is nested too deeply is not readable either. The database parses none, and neither does whoever shows it. */
function isReadable(value: unknown): boolean {
  try {
    return !UNREADABLE.test(JSON.stringify(value));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const STATUSES: ReadonlySet<unknown> = new Set(runStatuses);
const EVIDENCE_STATUSES: ReadonlySet<unknown> = new Set(['none', 'pending', 'blocked', 'sealed', 'refused']);

function isStatus(value: unknown): boolean {
  return STATUSES.has(value);
}

function isEvidenceStatus(value: unknown): boolean {
  return EVIDENCE_STATUSES.has(value);
}

function isObjectOrNull(value: unknown): boolean {
  return value === null || isJsonObject(value as never);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isWaits(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every((one) => isJsonObject(one as never)));
}

const EXPORT_STATUSES: ReadonlySet<unknown> = new Set(['pending', 'delivered', 'failed']);

function isExports(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return (
    Array.isArray(value) &&
    value.every(
      (one: JsonObject) =>
        EXPORT_STATUSES.has(one['status']) &&
        isStoredTime(one['requestedAt']) &&
        isStoredTimeOrNull(one['nextAttemptAt']) &&
        isStoredTimeOrNull(one['endedAt']),
    )
  );
}
