import { sha256 } from '@taskrunner/core/canonical';
import type { ClaimedRun, LogChunk } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { ChunkAppends } from './chunk-appends';
import { openPool } from '../connection/connection';
import { DirectQueries, type Queries } from '../connection/queries';
import { aWorker, submit } from '../testing/builders';
import { startTestServer } from '../testing/test-database';
import type { TestDatabase, TestServer } from '../testing/test-database';

let host: TestServer;
let database: TestDatabase;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
});
afterAll(() => host.stop());

/** Runs that are held, and what appends for them; `statements`: how many chunks each had. */
async function held(count: number, limits?: { bytes: number; chunks: number }) {
  const [web, worker] = [await database.web(), await database.worker()];
  for (let i = 0; i < count; i++) await submit(web.runStore);
  const workerSession = await worker.claims.register(aWorker());
  const runs = await worker.claims.claim(workerSession, count);
  expect(runs).toHaveLength(count);
  const pool = openPool(database.url('worker'), { max: 2 });
  const statements: number[] = [];
  const queries = new DirectQueries(pool);
  const counting = {
    across: (statement, values) => {
      statements.push((values[0] as unknown[]).length);
      return queries.across(statement, values);
    },
  } as Pick<Queries, 'across'> as Queries;
  return { runs, statements, appends: new ChunkAppends(counting, limits), close: () => pool.end() };
}

function chunkOf(run: ClaimedRun, chunk: number, data: Uint8Array): LogChunk {
  const { tenant, runId, fence } = run;
  const of = { tenant, runId, fence, step: 'scan', attempt: 1, execution: 1, chunk, at: 7 };
  return { ...of, data, lines: data.filter((byte) => byte === 10).length, sha256: sha256(data) };
}

const bytesOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i === length - 1 ? 10 : (i * 31 + seed * 7) % 256));

it('chunks of all executions that come while a statement is under way share the next one, byte for byte', async () => {
  const { runs, statements, appends, close } = await held(20);
  const chunks = runs.flatMap((run, seed) =>
    [0, 1, 2].map((chunk) => chunkOf(run, chunk, bytesOf(seed * 997 + 1, chunk))),
  );
  const calls = runs.map((_, i) => chunks.slice(3 * i, 3 * i + 3));
  expect(await Promise.all(calls.map((call) => appends.append(call)))).toEqual(calls.map(() => [true, true, true]));
  expect(statements).toEqual([3, 57]);
  const rows = await database.sql<{ data: Buffer; sha256: Buffer; lines: number }>(
    'select c.data, c.sha256, c.lines from pack_run_logs.chunks c order by c.run_id, c.chunk',
  );
  const stored = rows.map(({ data, sha256: digest, lines }) => [
    sha256(data),
    `sha256:${digest.toString('hex')}`,
    lines,
  ]);
  const sent = [...chunks]
    .sort((a, b) => (a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : a.chunk - b.chunk))
    .map(({ sha256: digest, lines }) => [digest, digest, lines]);
  expect(stored).toEqual(sent);
  await close();
});

it('a statement has so many bytes and chunks at most, and what one call brings stays together', async () => {
  const { runs, statements, appends, close } = await held(6, { bytes: 1_000, chunks: 3 });
  const calls = runs.map((run, i) =>
    i === 0
      ? [chunkOf(run, 0, bytesOf(1, 0))]
      : i < 3
        ? [chunkOf(run, 0, bytesOf(600, i))]
        : [0, 1].map((n) => chunkOf(run, n, bytesOf(10, n))),
  );
  await Promise.all(calls.map((call) => appends.append(call)));
  expect(statements).toEqual([1, 1, 3, 2, 2]);
  await close();
});

it('a run that is lost and data that is refused hurt nobody beside them', async () => {
  const { runs, appends, close } = await held(8);
  const [first, lost, bad, ...others] = runs as [ClaimedRun, ClaimedRun, ClaimedRun, ...ClaimedRun[]];
  const refused = { ...chunkOf(bad, 0, bytesOf(5, 0)), execution: 2 ** 40 };
  const blocker = appends.append([chunkOf(first, 0, bytesOf(5, 0))]);
  const outcomes = Promise.allSettled([
    appends.append([chunkOf({ ...lost, fence: 0 }, 0, bytesOf(5, 0))]),
    appends.append([refused]),
    ...others.map((run) => appends.append([chunkOf(run, 0, bytesOf(5, 0))])),
  ]);
  expect(await blocker).toEqual([true]);
  const [ofLost, ofBad, ...ofOthers] = await outcomes;
  expect(ofLost).toEqual({ status: 'fulfilled', value: [false] });
  expect(ofBad).toMatchObject({ status: 'rejected', reason: { code: '22003' } });
  expect(ofOthers).toEqual(others.map(() => ({ status: 'fulfilled', value: [true] })));
  await close();
});

it('bytes that somebody was asked to store who has not answered stay as they are', async () => {
  const sent: Buffer[] = [];
  const queries = {
    across: (_statement, values) => {
      sent.push(values[10] as Buffer);
      if (sent.length === 1) return Promise.reject(Object.assign(new Error('away'), { code: '08006' }));
      return Promise.resolve((values[0] as unknown[]).map((_, i) => ({ i: i + 1 })));
    },
  } as Pick<Queries, 'across'> as Queries;
  const appends = new ChunkAppends(queries);
  const run = { tenant: 'acme', runId: 'run_01jd0000000000000000000000', fence: 1 } as ClaimedRun;
  for (const seed of [1, 2, 3, 4])
    expect(await appends.append([chunkOf(run, seed, bytesOf(1_000, seed))])).toEqual([true]);
  const seen = sent.map((bytes) => Buffer.compare(bytes, bytesOf(1_000, 1)));
  // The lost one and its repetition have theirs; what came after shares a room of its own.
  expect(seen.slice(0, 2)).toEqual([0, 0]);
  expect(new Set(sent.map(({ buffer }) => buffer)).size).toBe(2);
});
