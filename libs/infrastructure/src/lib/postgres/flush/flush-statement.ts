import { flushValues, type FlushPart } from './flush-values';
import { StatementArms, type NarrowedQuery } from '../encoding/statement-arms';

type StatementPart = 'first' | 'steps' | 'files' | 'outbox' | 'others';

/**
 * Parts of a statement, in the order of their names in a flush's name. Rare parts are combined, which limits the number of prepared
 * statements.
 */
const HAS: Readonly<Record<StatementPart, (part: FlushPart) => boolean>> = {
  first: ({ isFirst, rows }) => isFirst && rows.steps.length > 0,
  steps: ({ isFirst, rows }) => !isFirst && rows.steps.length > 0,
  files: ({ rows: { places, artifacts } }) => places.length + artifacts.length > 0,
  outbox: ({ rows }) => rows.outbox.length > 0,
  others: ({ rows: { gatesOpened, gatesEnded, lent, revoked, settled } }) =>
    gatesOpened.length + gatesEnded.length + lent.length + revoked.length + settled.length > 0,
};
const PARTS = Object.keys(HAS) as readonly StatementPart[];

/** Arms of `flush.sql` that have rows only with one of these parts. All other arms belong to every flush. */
const ARMS: Readonly<Record<string, readonly StatementPart[]>> = {
  ...{ given: ['first', 'steps'], steps_first: ['first'], steps_changed: ['steps'], steps_new: ['steps'] },
  ...{ places: ['files'], files: ['files'], follow: ['outbox'], gates_opened: ['others'], gates_ended: ['others'] },
  ...{ lent: ['others'], revoked: ['others'], settled: ['others'], forgotten: ['others'] },
};

const FLUSH = new StatementArms('flush', PARTS, ARMS);

/**
 * The statement for these commits: `flush.sql` without the arms that have no rows. All arms take 1.6 ms, those of an ordinary step 0.5 ms
 * (one run, two cores, Node 20, PostgreSQL 18).
 */
export function flushOf(parts: readonly FlushPart[]): NarrowedQuery<string> {
  return FLUSH.of((part) => parts.some(HAS[part]), parts.length === 1, flushValues(parts));
}

/** Maps the parameters of a reduced flush to those of the whole `flush.sql`. */
export function wholeFlush(name: string, values: readonly unknown[]): readonly unknown[] {
  return FLUSH.whole(name, values);
}
