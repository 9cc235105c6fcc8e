import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completeSegments } from './log-segments';

const FULL = 16 * 1024 * 1024;
let pgdata: string;
beforeEach(() => {
  pgdata = mkdtempSync(join(tmpdir(), 'segments-'));
  mkdirSync(join(pgdata, 'pg_wal', 'archive_status'), { recursive: true });
});
afterEach(() => rmSync(pgdata, { recursive: true, force: true }));

it('completes the files of the log that were cut, and says so', async () => {
  const path = (name: string): string => join(pgdata, 'pg_wal', name);
  writeFileSync(path('000000010000000000000002'), 'records');
  writeFileSync(path('000000010000000000000003'), Buffer.alloc(FULL, 1));
  writeFileSync(path('xlogtemp.7'), 'draft');
  const said: string[] = [];
  await completeSegments(pgdata, (line) => said.push(line));
  const cut = readFileSync(path('000000010000000000000002'));
  expect([cut.length, cut.subarray(0, 8).toString()]).toEqual([FULL, 'records\0']);
  expect(statSync(path('000000010000000000000003')).size).toBe(FULL);
  expect(statSync(path('xlogtemp.7')).size).toBe(5);
  expect(said).toEqual([expect.stringContaining('000000010000000000000002, which was cut to 7 bytes')]);
});

it('leaves data without a log to the server', async () => {
  rmSync(join(pgdata, 'pg_wal'), { recursive: true });
  await expect(completeSegments(pgdata, () => undefined)).resolves.toBeUndefined();
});
