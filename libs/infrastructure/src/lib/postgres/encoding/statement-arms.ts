import { statement, type Statement } from '../connection/statement';

/** A narrowed statement with its values. */
export interface NarrowedQuery<Value> extends Statement {
  readonly name: string;
  readonly values: readonly Value[];
}

/** A statement without some of its arms. `places`: the parameters of the whole statement that remain, which are numbered anew. */
interface Narrowed extends Statement {
  readonly name: string;
  readonly places: readonly number[];
}

/** An arm up to its closing parenthesis, and its name. */
const ARM = /^(?:with|\),) ((\w+) as (?:materialized )?\(\n[^]*?\n)(?=\))/gm;
/** Part of the name of a statement for one run. */
const SINGLE = 'single';
/** Arrays with one element per run. */
const PER_RUN = /\bunnest\(([^()]+)\) with ordinality\s+(\w+) \(/g;
const ARRAY = /\$\d+::\w+\[\]/g;

/**
 * A statement `with <arm> as (…), …` that is sent without the arms for which there are no rows. PostgreSQL initializes every arm of a
 * statement, even without rows. A statement for one run needs no joins with the arrays of runs either.
 */
export class StatementArms<Need extends string> {
  private readonly known = new Map<string, Narrowed>();

  /**
   * @param file name of the whole statement.
   * @param parts in the order of their names in the name of a narrowed statement. Each combination is prepared, so rare ones share a part.
   * @param arms arms that are only needed with one of these parts. All other arms belong to every statement.
   * @param instead what stands in the place of arms that others read.
   */
  constructor(
    private readonly file: string,
    private readonly parts: readonly Need[],
    private readonly arms: Readonly<Record<string, readonly Need[]>>,
    private readonly instead: Readonly<Record<string, (parts: ReadonlySet<string>) => string>> = {},
  ) {}

  /** The statement with these parts, and its values. `all`: the values of the whole statement. */
  of<Value>(has: (need: Need) => boolean, isSingle: boolean, all: readonly Value[]): NarrowedQuery<Value> {
    const present = this.parts.filter(has);
    const name = [this.file, ...(isSingle ? [SINGLE] : []), ...present].join(' ');
    const { text, places } = this.named(name);
    return { name, text, values: places.map((place) => all[place - 1] as Value) };
  }

  /** Maps the values of a narrowed statement to those of the whole one. Those that it lacks are empty arrays. */
  whole(name: string, values: readonly unknown[]): readonly unknown[] {
    const { places } = this.named(name);
    const all = new Array<unknown>(placesOf(statement(this.file).text).at(-1) ?? 0).fill('{}');
    for (const [index, place] of places.entries()) all[place - 1] = values[index];
    return all;
  }

  private named(name: string): Narrowed {
    const known = this.known.get(name);
    if (known) return known;
    const parts = new Set(name.split(' ').slice(1));
    const whole = this.withArmsOf(parts);
    const text = parts.has(SINGLE) ? ofOneRun(whole) : whole;
    const places = placesOf(text);
    const renumbered = text.replace(/\$(\d+)/g, (_, place) => `$${places.indexOf(Number(place)) + 1}`);
    const made = { name, text: renumbered, places };
    this.known.set(name, made);
    return made;
  }

  private withArmsOf(parts: ReadonlySet<string>): string {
    const whole = statement(this.file).text;
    const kept = [...whole.matchAll(ARM)].flatMap(([, text = '', name = '']) => {
      const needs = this.arms[name];
      if (!needs || needs.some((part) => parts.has(part))) return [text];
      const instead = this.instead[name];
      return instead ? [`${name} as (\n${instead(parts)}\n`] : [];
    });
    return `${whole.slice(0, whole.search(/^with /m))}with ${kept.join('), ')}${whole.slice(whole.lastIndexOf('\n)') + 1)}`;
  }
}

function placesOf(text: string): readonly number[] {
  return [...new Set([...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place)))].sort((a, b) => a - b);
}

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
