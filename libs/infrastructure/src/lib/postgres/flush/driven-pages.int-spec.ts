import { createHash } from 'node:crypto';
import { runUuid } from '@taskrunner/core/foundation';
import type { ClaimedRun, Commit } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, after, aWorker, start, submit, tenantA } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';
import { DrivenPages } from './driven-pages';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened));

const END = {
  closes: true,
  releases: true,
  outbox: [{ kind: 'attest' as const }],
  run: { status: 'succeeded' as const, finishedAt: 2 },
};

async function claimOne(): Promise<ClaimedRun> {
  await submit(web.runStore);
  const [claimed] = await worker.claims.claim(await worker.claims.register(aWorker()), 1);
  if (!claimed) throw new Error('nothing was claimed');
  return claimed;
}

/** Drives a run of three pages to its end. */
async function drivenRun(): Promise<ClaimedRun> {
  const claimed = await claimOne();
  const first = aCommit(claimed, { ...start, prev: claimed.admissionDigest }, { entries: 3 });
  const second = aCommit(claimed, after(first), { page: withValue(aCommit(claimed, after(first))) });
  for (const commit of [first, second, aCommit(claimed, after(second), END)])
    expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
  return claimed;
}

function withValue({ page }: Commit): Commit['page'] {
  return { ...page, values: { [page.hash]: { text: 'ä\n"' } } };
}

const pagesOf = ({ runId }: ClaimedRun) => worker.claims.pages(tenantA, runId, 0);
const recordsOf = ({ runId }: ClaimedRun) => worker.runReader.records(tenantA, runId);
const alter = (run: ClaimedRun, sql: string) => database.sql(sql, [runUuid(run.runId)]);

it('takes the pages of a run that this worker has driven once, and they are those that are stored', async () => {
  const run = await drivenRun();
  await recordsOf(run);
  const taken = await pagesOf(run);
  expect(taken.map(({ mac }) => mac)).toEqual([null, null, null]);
  const withoutMac = (await pagesOf(run)).map((page) => ({ ...page, mac: null }));
  expect(taken).toEqual(withoutMac);
});

it('reads no row for them', async () => {
  const run = await drivenRun();
  await recordsOf(run);
  await alter(run, 'delete from pack_run_logs.journal where run_id = $1');
  expect(await pagesOf(run)).toHaveLength(3);
  expect(await pagesOf(run)).toEqual([]);
});

it.each([
  ['a text was altered', 'update pack_run_logs.journal set content = content || content where run_id = $1'],
  ['a number was altered', 'update pack_run_logs.journal set first_seq = 2 where run_id = $1 and first_seq = 1'],
  ['a hash was altered', 'update pack_run_logs.journal set hash = sha256(hash) where run_id = $1 and first_seq = 4'],
  ['a MAC was altered', 'update pack_run_logs.journal set mac = sha256(mac) where run_id = $1 and first_seq = 4'],
  [
    'a byte was moved to another column',
    `update pack_run_logs.journal set content = substr(content, 1, octet_length(content) - 1),
       hash = substr(content, octet_length(content)) || hash where run_id = $1 and first_seq = 1`,
  ],
  ['a page was deleted', 'delete from pack_run_logs.journal where run_id = $1 and first_seq = 5'],
  [
    'a page was added',
    `insert into pack_run_logs.journal (tenant_id, run_id, first_seq, fence, hash, mac, content)
     select tenant_id, run_id, 6, fence, hash, mac, content from pack_run_logs.journal where run_id = $1 and first_seq = 5`,
  ],
  [
    'a large page was added',
    `insert into pack_run_logs.journal (tenant_id, run_id, first_seq, fence, hash, mac, content)
     select tenant_id, run_id, 6, fence, hash, mac, decode(repeat('00', 70000), 'hex') from pack_run_logs.journal
     where run_id = $1 and first_seq = 5`,
  ],
  [
    'a page was made large',
    `update pack_run_logs.journal set content = decode(repeat('00', 70000), 'hex') where run_id = $1 and first_seq = 5`,
  ],
])('reads the stored pages where %s', async (_what, sql) => {
  const run = await drivenRun();
  await alter(run, sql);
  await recordsOf(run);
  // Each read is of the rows, where the second one of the pages in memory would differ.
  const read = await pagesOf(run);
  expect(read).toEqual(await pagesOf(run));
  const stored = await database.sql(
    'select first_seq, hash, mac from pack_run_logs.journal where run_id = $1 order by first_seq',
    [runUuid(run.runId)],
  );
  expect(read.map(({ first, mac }) => [first, mac])).toEqual(
    stored.map(({ first_seq: first, mac }) => [Number(first), (mac as Buffer).toString('hex')]),
  );
});

it('does not take pages before the stored ones were compared', async () => {
  const run = await drivenRun();
  await alter(run, 'delete from pack_run_logs.journal where run_id = $1');
  expect(await pagesOf(run)).toEqual([]);
});

describe('pages in memory', () => {
  const texts = { entries: '[1]', held: null };
  const content = Buffer.from('content');
  const claimed = { tenant: tenantA, runId: 'run_1', fence: 1 } as unknown as ClaimedRun;
  const first = aCommit(claimed, start);
  const second = aCommit(claimed, after(first));
  const end = aCommit(claimed, after(second), END);
  /** Of first number, lengths, content, hash and MAC of each. */
  const DIGEST = createHash('sha256')
    .update(
      [first, second, end]
        .map(
          ({ page: { hash } }, i) =>
            `000000000000000${i + 1}00000007000000 20${content.toString('hex')}${hash.slice(7)}${first.mac}`,
        )
        .join('')
        .replaceAll(' ', ''),
      'hex',
    )
    .digest();

  /** What was taken after these commits, with this digest of the stored pages. */
  function takenAfter(commits: readonly Commit[], pages = new DrivenPages(), stored: Buffer | null = DIGEST) {
    for (const commit of commits) pages.committed(commit, texts, content);
    pages.confirm(tenantA, claimed.runId, stored);
    return pages.take(tenantA, claimed.runId)?.length ?? null;
  }

  it.each<[string, readonly Commit[], number | null]>([
    ['all pages of a run', [first, second, end], 3],
    ['a run that has not ended', [first, second], null],
    ['a run that began elsewhere', [second, end], null],
    ['a run with a page of somebody else', [first, end], null],
    ['a run that was parked', [first, { ...second, releases: true }, end], null],
    ['a run that began again', [first, second, first, second, end], 3],
  ])('%s', (_what, commits, taken) => {
    expect(takenAfter(commits)).toBe(taken);
  });

  it('forgets a run whose stored pages are too large, or others', () => {
    expect(takenAfter([first, second, end], new DrivenPages(), null)).toBeNull();
    expect(takenAfter([first, second, end], new DrivenPages(), Buffer.alloc(32))).toBeNull();
  });

  it('forgets a run of which it is unknown what was committed', () => {
    const pages = new DrivenPages();
    pages.committed(first, texts, content);
    pages.forget(tenantA, claimed.runId);
    expect(takenAfter([second, end], pages)).toBeNull();
  });

  it('keeps no large run, and not more than its limit of all', () => {
    expect(takenAfter([first, second, end], new DrivenPages({ ofRun: 8, ofAll: 100 }))).toBeNull();
    expect(takenAfter([first, second, end], new DrivenPages({ ofRun: 9, ofAll: 100 }))).toBe(3);
    const pages = new DrivenPages({ ofRun: 9, ofAll: 17 });
    const others = [
      { ...first, runId: 'run_2' },
      { ...second, runId: 'run_2' },
      { ...end, runId: 'run_2' },
    ];
    for (const commit of [first, second, end]) pages.committed(commit, texts, content);
    for (const commit of others) pages.committed(commit as Commit, texts, content);
    expect(takenAfter([], pages)).toBeNull();
  });
});
