import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Client } from 'pg';
import { SEGMENT_BYTES } from '../embedded-postgres';
import { damageOfLog } from './damaged-log';
import { openFolderDatabase } from './folder-database';
import { killedRound } from './testing/kills';
import { ADDRESS_AT, lastPage, PAGE, PAGE_HEAD, type LastPage } from './testing/log-page';
import { SingleUserCopy } from './testing/single-user';

const COUNT = 'select count(*)::int as count from pack_runs.numbers';
/** Every so many bytes, and at each byte of the last record, the product opens the folder. */
const OPENED_EVERY = 256;
const FEWEST_COMMITS = 15;

/** A folder whose processes were killed. */
let folder: string;
let parent: string;
let pgdata: string;
let page: LastPage;
/** The page as it was left. */
let bytes: Buffer;
/** The highest number whose commit was acknowledged, and how many there are without damage. */
let acknowledged: number;
let whole: number;

/** The found numbers by the byte from which on the page is zero, and what the log says of the damage. */
const found = new Map<number, { readonly count: number; readonly reason: string | null }>();

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'torn-'));
  chmodSync(parent, 0o755);
  folder = join(parent, 'storage');
  pgdata = join(folder, 'database/pgdata');
  // Its end is a checkpoint, so that each start has little to repeat.
  await (await openFolderDatabase(folder)).close();
  for (;;) {
    ({ acknowledged } = await killedRound(folder, randomInt(30, 60), 'first'));
    const last = lastPage(pgdata);
    const end = last?.records.at(-1)?.end ?? 0;
    const commits = last?.records.filter(({ isCommit }) => isCommit).length ?? 0;
    // Most of the page has records, and many of them are commits.
    if (last === null || end - last.at < 0.7 * PAGE || commits < FEWEST_COMMITS) continue;
    page = last;
    bytes = readFileSync(page.path).subarray(page.at, page.at + PAGE);
    return;
  }
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** Zeros from a byte on that is zero are the zeros from the byte before. */
function images(): number[] {
  return Array.from({ length: PAGE }, (_, from) => from).filter((from) => from === 0 || bytes[from - 1] !== 0);
}

function zeroFrom(path: string, from: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(PAGE - from), 0, PAGE - from, page.at + from);
  closeSync(file);
}

/** Records that lose a byte, with those that follow. */
function lostFrom(from: number): LastPage['records'] {
  const isDamaged = (end: number): boolean =>
    bytes.subarray(from, Math.min(PAGE, end - page.at)).some((byte) => byte !== 0);
  const first = page.records.findIndex(({ end }) => isDamaged(end));
  return first < 0 ? [] : page.records.slice(first);
}

/** The log that is left is one that a server has written: it ends with a whole page, or with a whole record of this one. */
function isWhole(from: number): boolean {
  const hasHead = !bytes.subarray(from, PAGE_HEAD).some((byte) => byte !== 0);
  return from === 0 || (hasHead && (lostFrom(from)[0]?.start ?? Infinity) >= page.at + from);
}

/**
 * What is left of the address is that of the page at the same place of an earlier segment, as in each page of a segment that is used again: its
 * highest bytes are cut off. Nobody can tell the two apart.
 */
function isOfEarlierSegment(from: number): boolean {
  if (from <= ADDRESS_AT || from >= ADDRESS_AT + 8) return false;
  const left = Buffer.alloc(8);
  bytes.copy(left, 0, ADDRESS_AT, from);
  return Number(left.readBigUInt64LE() % BigInt(SEGMENT_BYTES)) === page.at;
}

function faultsOf(from: number, count: number | null, reason: string | null): string[] {
  const lost = lostFrom(from).filter(({ isCommit }) => isCommit).length;
  const at = `byte ${from}: ${count} numbers of ${acknowledged}, ${reason}`;
  if (count === null) return [`${at}: it does not start`];
  if (count < whole - lost) return [`${at}: more than the ${lost} commits that are damaged`];
  const isSaid = reason !== null || isWhole(from) || isOfEarlierSegment(from);
  return count < acknowledged && !isSaid ? [`${at}: nothing is said`] : [];
}

it('zeros from any byte of the last page on hide no commit before them, and what is cut inside of a record is said', async () => {
  const left = images();
  const faults: string[] = [];
  const segment = relative(pgdata, page.path);
  const undamaged = await SingleUserCopy.of(pgdata, join(parent, 'undamaged'));
  whole = Number((await undamaged.ask(COUNT, () => undefined)).value);
  expect([acknowledged, acknowledged + 1]).toContain(whole);
  const work = async (_: unknown, number: number): Promise<void> => {
    const copy = await SingleUserCopy.of(pgdata, join(parent, `copy-${number}`));
    for (let from = left.pop(); from !== undefined; from = left.pop()) {
      const byte = from;
      const { value, log } = await copy.ask(COUNT, (data) => zeroFrom(join(data, segment), byte));
      const reason = log.map(damageOfLog).find((said) => said !== null) ?? null;
      faults.push(...faultsOf(byte, value === null ? null : Number(value), reason));
      if (value !== null) found.set(byte, { count: Number(value), reason });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  expect(faults).toEqual([]);
  expect(found.size).toBe(images().length);
  expect(found.get(0)!.count).toBeLessThan(acknowledged - FEWEST_COMMITS / 2);
});

it.each(['zeroed', 'cut'] as const)(
  'the product finds the same in a page that is %s, and says each cut',
  async (damage) => {
    const last = page.records.at(-1)!;
    const faults: string[] = [];
    for (let from = 0; from < PAGE; from += 1) {
      const position = page.at + from;
      if (from % OPENED_EVERY !== 0 && (position < last.start || position > last.end)) continue;
      const { count, reason } = await open(from, damage);
      faults.push(...faultsOf(from, count, reason));
      if (damage === 'cut' && reason === null) faults.push(`byte ${from}: nothing is said`);
      const image = images().findLast((one) => one <= from)!;
      if (count !== found.get(image)!.count) faults.push(`byte ${from}: ${count}, alone ${found.get(image)!.count}`);
    }
    expect(faults).toEqual([]);
  },
);

/** Opens a copy of the folder that is damaged. */
async function open(from: number, damage: 'zeroed' | 'cut'): Promise<{ count: number; reason: string | null }> {
  const copy = join(parent, 'opened');
  execFileSync('cp', ['-a', folder, copy]);
  const path = join(copy, relative(folder, page.path));
  if (damage === 'cut') truncateSync(path, page.at + from);
  else zeroFrom(path, from);
  const lines: string[] = [];
  try {
    const database = await openFolderDatabase(copy, { fsync: false, log: (line) => lines.push(line) });
    const client = new Client({ connectionString: database.urls.ownerUrl });
    await client.connect();
    const { rows } = await client.query<{ count: number }>(COUNT);
    await client.end();
    // The last lines of the log arrive with the end of the server.
    await database.close();
    return { count: rows[0]!.count, reason: lines.map(damageOfLog).find((said) => said !== null) ?? null };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
