import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const POSTGRES = join(__dirname, '..');

/** Migrations that filled a column before any release showed it. */
const FILLED_BEFORE_SHOWN = ['94-run-marks.ts', '98-stuck-restores.ts'];

/** Columns of `pack_runs.runs` that a run is shown with. */
function shownColumns(): ReadonlySet<string> {
  const text = readFileSync(join(__dirname, 'run-summary.sql'), 'utf8');
  return new Set([...text.matchAll(/\br\.(\w+)/g)].map(([, column = '']) => column));
}

/** The columns that each `update pack_runs.runs` of a text sets. */
function updates(text: string): string[][] {
  return [...text.matchAll(/\bupdate pack_runs\.runs(?: \w+)?\s+set\s/g)].map(({ index, 0: head }) =>
    assigned(text.slice(index + head.length).replace(/--.*/g, '')),
  );
}

/** The assigned columns of a `set` list, up to the word that ends it. What is in parentheses or a case is a value. */
function assigned(list: string): string[] {
  const columns: string[] = [];
  let depth = 0;
  let isName = true;
  for (const [token] of list.matchAll(/'[^']*'|[\w.]+|[(),;`]/g)) {
    if (token === '(' || token === 'case') depth++;
    else if (token === ')' || token === 'end') depth--;
    if (depth < 0 || (depth === 0 && /^(?:where|from|returning|;|`)$/.test(token))) break;
    if (depth > 0) continue;
    if (token === ',') isName = true;
    else if (isName) {
      columns.push(token);
      isName = false;
    }
  }
  return columns;
}

/** The updates of a text that change what a run shows, and leave its version as it was. */
function staleUpdates(text: string, shown: ReadonlySet<string>): string[] {
  return updates(text)
    .filter((columns) => !columns.includes('version') && columns.some((column) => shown.has(column)))
    .map((columns) => columns.filter((column) => shown.has(column)).join());
}

const files = readdirSync(POSTGRES, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.(sql|ts)$/.test(name) && !/spec\.ts$/.test(name) && !FILLED_BEFORE_SHOWN.includes(basename(name)),
);
const texts = files.map((file) => [file, readFileSync(join(POSTGRES, file), 'utf8')] as const);

describe('a statement that changes what a run shows', () => {
  it('raises its version, so that ETags and long polls notice: set version = r.version + 1', () => {
    const shown = shownColumns();
    expect(texts.flatMap(([, text]) => updates(text)).length).toBeGreaterThan(20);
    expect(texts.flatMap(([file, text]) => staleUpdates(text, shown).map((columns) => `${file}: ${columns}`))).toEqual(
      [],
    );
  });

  it('is found if it forgets to', () => {
    const shown = new Set(['note', 'status']);
    const forgotten = `update pack_runs.runs r set due_at = now(), note = case when $1 = 'a' then 'b' else 'c' end
      from settled where r.run_id = $2`;
    expect(staleUpdates(forgotten, shown)).toEqual(['note']);
    expect(staleUpdates(forgotten.replace(' from', ', version = r.version + 1 from'), shown)).toEqual([]);
    expect(staleUpdates("update pack_runs.runs set due_at = (select status from x where note = '')", shown)).toEqual(
      [],
    );
  });
});

describe('a statement that says that it feeds the feed of events', () => {
  it('writes an event: the trigger does not', () => {
    const feeding = texts.filter(
      ([file, text]) => !file.startsWith('migrations') && file.endsWith('.sql') && /\bfed_version\b/.test(text),
    );
    expect(feeding.map(([file]) => basename(file)).sort()).toEqual(['create-runs.sql', 'flush.sql', 'seal-runs.sql']);
    for (const [, text] of feeding) expect(text).toMatch(/^\s*insert into pack_runs\.events /m);
  });
});
