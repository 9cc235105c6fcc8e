import { flushValues, type FlushPart } from './flush-values';
import { statement, type Statement } from '../connection/statement';

/** A statement with its parameters. */
interface Flush extends Statement {
  readonly name: string;
  readonly values: readonly string[];
}

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

/** An arm up to its closing parenthesis, and its name. */
const ARM = /^(?:with|\),) ((\w+) as (?:materialized )?\(\n[^]*?\n)(?=\))/gm;

/** `flush.sql`, reduced to the arms of some parts, with the original numbers of the remaining parameters. */
interface Narrowed extends Statement {
  readonly places: readonly number[];
}
const narrowed = new Map<string, Narrowed>();

/**
 * The statement for these commits: `flush.sql` without the arms that have no rows. PostgreSQL initializes every arm of a statement, even
 * without rows: all arms take 1.6 ms, those of an ordinary step 0.5 ms (one run, two cores, Node 20, PostgreSQL 18). One run on its own
 * needs no joins with the arrays of runs.
 */
export function flushOf(parts: readonly FlushPart[]): Flush {
  const present = PARTS.filter((part) => parts.some(HAS[part]));
  const name = ['flush', ...(parts.length === 1 ? [SINGLE] : []), ...present].join(' ');
  const { text, places } = narrowedTo(name);
  const all = flushValues(parts);
  return { name, text, values: places.map((place) => all[place - 1] ?? '{}') };
}

/** Maps the parameters of a reduced flush to those of the whole `flush.sql`. */
export function wholeFlush(name: string, values: readonly unknown[]): readonly unknown[] {
  const { places } = narrowedTo(name);
  const all = new Array<unknown>(narrowedTo(EVERY).places.at(-1) ?? 0).fill('{}');
  for (const [index, place] of places.entries()) all[place - 1] = values[index];
  return all;
}

const EVERY = ['flush', ...PARTS].join(' ');
/** Part of the name of a flush of one run. */
const SINGLE = 'single';

function narrowedTo(name: string): Narrowed {
  const known = narrowed.get(name);
  if (known) return known;
  const parts = new Set(name.split(' ').slice(1));
  const whole = withArmsOf(parts, statement('flush').text);
  const text = parts.has(SINGLE) ? ofOneRun(whole) : whole;
  const places = [...new Set([...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place)))].sort((a, b) => a - b);
  const renumbered = text.replace(/\$(\d+)/g, (_, place) => `$${places.indexOf(Number(place)) + 1}`);
  const made = { name, text: renumbered, places };
  narrowed.set(name, made);
  return made;
}

/** Arrays with one element per run. */
const PER_RUN = /\bunnest\(([^()]+)\) with ordinality\s+(\w+) \(/g;
const ARRAY = /\$\d+::\w+\[\]/g;

/**
 * The statement for one run: the only elements of arrays with one element per run, in the place of the arrays. PostgreSQL replaces columns of
 * a single row of VALUES by its expressions, so that the row of the run is found by its key without a scan, a sort and two joins.
 */
function ofOneRun(text: string): string {
  return text.replace(PER_RUN, (_, arrays: string, alias) => {
    const elements = [...arrays.matchAll(ARRAY)].map(([array]) => `(${array})[1]`);
    return `(values (${elements.join(', ')}, 1::bigint)) ${alias} (`;
  });
}

/** The statement with the arms that these parts need. */
function withArmsOf(parts: ReadonlySet<string>, whole: string): string {
  const kept = [...whole.matchAll(ARM)].flatMap(([, text = '', name = '']) => {
    const needs = ARMS[name];
    return needs && !needs.some((part) => parts.has(part)) ? [] : [text];
  });
  return `with ${kept.join('), ')}${whole.slice(whole.lastIndexOf('\n)') + 1)}`;
}
