// What a kill leaves of the write-ahead log, altered: the folder is copied, one place of the log of each copy is damaged as a torn write or a
// bad disk would, and the copy is opened by the product.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { FolderDatabase } from './folder-database.mjs';

const require = createRequire(import.meta.url);
const { openFolderDatabase } = require('@taskrunner/infrastructure/file-storage');
const { toRunId } = require('@taskrunner/core/foundation');

const PAGE = 8_192;
const SEGMENT = 16 * 1024 * 1024;
/** How far before the last flush the log is damaged at most, bytes: more than what one run writes. */
const FAR = 256 * 1024;
const DAMAGES = ['cut', 'zeroed', 'scrambled'];

/**
 * What is certainly committed: asked of the database while it lives. The position of the last flush is read after the rows are counted, so
 * that everything counted lies before it.
 */
export async function witness(database, accepted) {
  const runs = [...accepted];
  const [{ statuses, pages, flushed }] =
    await database.ask(`select (select count(*)::int from chaos.statuses) as statuses,
    (select count(*)::int from chaos.pages) as pages, pg_current_wal_flush_lsn()::text as flushed`);
  return { runs, statuses, pages, flushed: positionOf(flushed) };
}

/** `0/16B3748` as a number. */
function positionOf(text) {
  const [high, low] = text.split('/').map((part) => Number.parseInt(part, 16));
  return high * 2 ** 32 + low;
}

/** The file of the log with this position, of the first timeline. */
function segmentOf(position) {
  const hex = (value) => value.toString(16).toUpperCase().padStart(8, '0');
  return `00000001${hex(Math.floor(position / 2 ** 32))}${hex(Math.floor((position % 2 ** 32) / SEGMENT))}`;
}

/**
 * Places to damage, as distances from the flushed position: its own byte, the end of its page and of the next one, and random ones. Negative:
 * bytes that are flushed, one in the same page and one that is farther.
 */
export function placesOf(flushed, random, count) {
  const pageEnd = PAGE - (flushed % PAGE);
  const edges = [0, pageEnd - 1, pageEnd];
  const later = Array.from({ length: Math.max(0, count - edges.length) }, () => random.between(1, pageEnd + PAGE));
  const earlier = [flushed % PAGE, FAR].map(
    (most) => -random.between(1, Math.max(1, Math.min(most, flushed % SEGMENT))),
  );
  return [...edges.slice(0, count), ...later, ...earlier].map((distance) => ({
    distance,
    damage: random.pick(DAMAGES),
  }));
}

/** Copies a folder whose processes are dead, damages the copy and opens it. */
export async function tryTail({ storage, copies, seen, distance, damage }) {
  const copy = join(copies, 'storage');
  rmSync(copy, { recursive: true, force: true });
  if (spawnSync('cp', ['-a', storage, copy], { stdio: 'inherit' }).status !== 0) throw new Error('the copy failed');
  const position = seen.flushed + distance;
  const file = join(copy, 'database/pgdata/pg_wal', segmentOf(position));
  // The next segment may not exist yet.
  const isDamaged = existsSync(file);
  if (isDamaged) damageAt(file, position % SEGMENT, damage);
  const tail = { distance, damage, isDamaged };
  const lines = [];
  try {
    const database = await openFolderDatabase(copy, { log: (line) => lines.push(line) });
    // The last lines of the log arrive with the end of the server.
    const found = await lossOf(new FolderDatabase(copy), seen).finally(() => database.close());
    return { ...tail, ...found, said: reasonIn(lines) };
  } catch (error) {
    return { ...tail, code: error.code ?? null, message: String(error.message ?? error), lost: [], said: null };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function damageAt(path, offset, damage) {
  const file = openSync(path, 'r+');
  try {
    if (damage === 'cut') return ftruncateSync(file, offset);
    const bytes = Buffer.alloc(PAGE - (offset % PAGE));
    if (damage === 'scrambled') {
      readSync(file, bytes, 0, bytes.length, offset);
      bytes.forEach((byte, i) => (bytes[i] = byte ^ 0x5a));
    }
    writeSync(file, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(file);
  }
}

async function lossOf(database, seen) {
  const [counts] = await database.ask(
    'select (select count(*)::int from chaos.statuses) as statuses, (select count(*)::int from chaos.pages) as pages',
  );
  const there = new Set((await database.ask('select run_id from pack_runs.runs')).map(({ run_id }) => toRunId(run_id)));
  const lost = seen.runs.filter((run) => !there.has(run));
  if (counts.statuses < seen.statuses) lost.push(`${seen.statuses - counts.statuses} changes of a status`);
  if (counts.pages < seen.pages) lost.push(`${seen.pages - counts.pages} pages of journals`);
  return { code: null, message: null, lost };
}

/** Why the replay of the log ended, in PostgreSQL's words, without its position. */
function reasonIn(lines) {
  const said = lines.filter((line) => line.includes('LOG: '));
  const end = said.findIndex((line) => line.includes('redo done at'));
  const reason = said[end - 1] ?? said.find((line) => line.includes('redo is not required')) ?? '';
  return reason
    .replace(/^.*?LOG: */, '')
    .replace(/[0-9A-F]+\/[0-9A-F]+/g, 'X')
    .replace(/[0-9A-F]{24}.*/, 'X');
}
