import type { Round } from './round';

/** What holders of keys can alter unnoticed in a document. */
export interface Residuals {
  /** Cells that nothing can close, by what the table says of them. */
  readonly inherent: ReadonlySet<string>;
  /** Cells that are to be closed. */
  readonly open: ReadonlySet<string>;
}

/** Title of the section of `docs/threat-model.md` that lists them. */
export const SECTION = '## What holders of keys can alter unseen';
/** Title of its part about what is to be closed. */
const OPEN = '### Not closed yet';

/**
 * Reads the tables of the section: in each row the third column holds cells, each as code. Throws a `TypeError` if there is no such section, or
 * a cell is listed twice.
 */
export function readResiduals(markdown: string): Residuals {
  const from = markdown.indexOf(`${SECTION}\n`);
  if (from < 0) throw new TypeError(`there is no section "${SECTION.slice(3)}"`);
  const rest = markdown.slice(from + SECTION.length);
  const end = rest.search(/^## /m);
  const section = end < 0 ? rest : rest.slice(0, end);
  const [closed = '', open = ''] = section.split(`${OPEN}\n`);
  const [inherent, known] = [cellsOf(closed), cellsOf(open)];
  const all = [...inherent, ...known];
  const twice = all.find((cell, i) => all.indexOf(cell) !== i);
  if (twice !== undefined) throw new TypeError(`the cell "${twice}" is listed twice`);
  return { inherent: new Set(inherent), open: new Set(known) };
}

function cellsOf(text: string): readonly string[] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.flatMap((row) => [...(row.split('|')[3] ?? '').matchAll(/`([^`]+)`/g)].map(([, cell]) => cell ?? ''));
}

/** Difference between a round and the list; both members empty: none. */
export interface Difference {
  /** Missed, and not listed. */
  readonly unlisted: readonly string[];
  /** Listed, and not missed: of a whole round only. */
  readonly found: readonly string[];
}

/** Compares the missed cells with the list. */
export function compared({ missed }: Pick<Round, 'missed'>, { inherent, open }: Residuals): Difference {
  const listed = [...inherent, ...open];
  return {
    unlisted: [...missed.keys()].filter((cell) => !inherent.has(cell) && !open.has(cell)),
    found: listed.filter((cell) => !missed.has(cell)).sort(),
  };
}
