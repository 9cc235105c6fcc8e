import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import { sampleRun } from '../../../testing/sample-evidence';
import type { Sample } from '../../../testing/sample-signing';
import { LogRows, sampleChunks } from '../../../testing/sample-log';
import { decodeEnvelope } from '../../evidence/encoding/envelope';
import { readEvidence, type EvidenceDocuments } from '../../evidence/records/evidence-documents';
import { buildStatement } from '../../evidence/statement/statement';
import { readAdmission } from '../../evidence/records/read-documents';
import { CodedError } from '../../foundation/coded-error';
import type { RunId, StepId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { hashOfText } from '../../journal/chain';
import { EndedSteps, type StepColumns } from '../../journal/ended-steps';
import type { StoredPage } from '../../journal/journaled-run';
import type { NumberedChunk } from '../../ports/runs/log-store';
import type { Archives } from '../../ports/evidence/archives';
import type { GateRow } from '../../ports/gates/gate-store';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { ArtifactView, RunReader, RunSummary } from '../../ports/runs/run-reader';
import { ComparedLogStore } from './compared-log-store';
import { ComparedRuns } from './compared-runs';
import { JournaledRuns } from './journaled-runs';

const ALTERED = { code: 'DOCUMENT_ALTERED' };

let sample: Sample;
let documents: EvidenceDocuments;
let tenant: TenantId;
let run: RunId;
beforeAll(async () => {
  sample = await sampleRun({ regions: 5 });
  documents = readEvidence(sample.evidence);
  const admission = readAdmission(decodeEnvelope(sample.evidence.admission).payload);
  [tenant, run] = [admission.tenant as TenantId, admission.runId as RunId];
});

/** The rows of a run. Tests change them as somebody who can write to the database. */
interface Rows {
  pages: StoredPage[];
  artifacts: ArtifactView[];
  isSealed: boolean;
  /** The object store is away. */
  isAway: boolean;
  /** The last page cannot be read. */
  isPageRefused: boolean;
  /** Reads of the evidence and of the last page, in the order in which they began. */
  readonly begun: string[];
  /** Reads of the journal. */
  reads: number;
  /** The row of the run now. */
  summary: () => RunSummary | null;
  /** The row of a step now. */
  step: StepColumns | null;
  /** Of the attestation. */
  bundleSize: number;
}

function storedPages(): StoredPage[] {
  return sample.evidence.pages.map(({ first, prev, hash, entries }) => {
    return { first, prev, hash, text: canonical(entries as unknown as Json) };
  });
}

/** The pages with another text, and a chain that fits it. */
function rewritten(change: (text: string) => string): StoredPage[] {
  let prev = decodeEnvelope(sample.evidence.admission).digest;
  return storedPages().map(({ first, text }) => {
    const changed = change(text);
    const page = { first, prev, text: changed, hash: hashOfText(prev, first, changed) };
    prev = page.hash;
    return page;
  });
}

/** The outputs of the run, by value. */
function outputsOf(): Json {
  const digest = documents.facts.ended?.outputs?.digest ?? '';
  return (
    sample.evidence.pages.map(({ values }) => values[digest as never]).find((value) => value !== undefined) ?? null
  );
}

function countsOf(): { readonly succeeded: number; readonly [status: string]: number } {
  const steps = buildStatement(documents).predicate.steps.list ?? [];
  const count = (status: string) => steps.filter((one) => one.status === status).length;
  return {
    succeeded: count('succeeded'),
    failed: count('failed'),
    skipped: count('skipped'),
    cancelled: count('cancelled'),
  };
}

/** The bundle, as far as it is read. */
function bundleOf(): Buffer {
  const statement = Buffer.from(canonical(buildStatement(documents) as unknown as Json));
  const envelope = {
    payload: statement.toString('base64'),
    payloadType: 'p',
    signatures: [{ keyid: 'k', sig: 'AA==' }],
  };
  return Buffer.from(JSON.stringify({ dsseEnvelope: envelope }));
}

/** Columns of the evidence in the row of a run. */
function evidenceOf(status: string, change: object = {}) {
  return { status, digest: status === 'sealed' ? sha256(bundleOf()) : null, reason: null, exports: [], ...change };
}

/** A plan with one step that exports the evidence, without artifacts. */
const EXPORTING = {
  node: { kind: 'run', uses: 'builtin:evidence-export', with: { destination: 'archive' } },
};

function opened(maxBytes = 1e6) {
  return openedAs(intact(), maxBytes);
}

function intact(): Rows {
  return {
    pages: storedPages(),
    artifacts: documents.facts.artifacts.map((one, i) => ({ ...one, artifactId: `${i}`, createdAt: 1 })),
    ...{
      isSealed: true,
      isAway: false,
      reads: 0,
      summary: () => ({ version: 1 }) as RunSummary,
      step: null,
      bundleSize: bundleOf().length,
    },
    ...{ isPageRefused: false, begun: [] },
  };
}

function openedAs(rows: Rows, maxBytes = 1e6) {
  const bundle = bundleOf();
  const reader = {
    journal: async (_tenant: TenantId, _run: RunId, after: number, most: number) => {
      rows.reads++;
      return rows.pages.filter(({ first }) => first > after).slice(0, most);
    },
    lastPage: async () => {
      rows.begun.push('lastPage');
      if (rows.isPageRefused) throw new Error('the page is refused');
      return rows.pages.at(-1) ?? null;
    },
    summary: async () => rows.summary(),
    stepRow: async () => rows.step,
    artifacts: async () => rows.artifacts,
    documents: async () => ({ index: { nodes: new Map([['export', EXPORTING]]) } }),
    evidence: async () => {
      rows.begun.push('evidence');
      return rows.isSealed
        ? {
            bundle: sha256(bundle),
            size: rows.bundleSize,
            statements: { 'pack-run': { offset: 0, size: bundle.length, sha256: sha256(bundle) } },
          }
        : null;
    },
  } as unknown as RunReader;
  const objects = {
    open: async () => {
      if (rows.isAway) throw new CodedError('OBJECT_STORE_UNAVAILABLE', 'away', 'Wait.');
      return [bundle];
    },
    stat: async () => ({ size: bundle.length }),
  } as unknown as ObjectStore;
  const archives = { journal: async () => null } as unknown as Archives;
  const journals = new JournaledRuns({ reader, archives, objects, maxBytes });
  return { rows, journals, runs: new ComparedRuns({ reader, journals }) };
}

describe('artifacts', () => {
  it('are as the journal says, none of them another, once more or missing', async () => {
    const { rows, runs } = opened();
    const [first] = rows.artifacts as [ArtifactView];
    expect(await runs.artifacts(tenant, run)).toEqual(rows.artifacts);
    const { artifacts } = rows;
    const changes: Partial<ArtifactView>[] = [
      { name: 'evil' },
      { digest: sha256('evil') },
      { size: 7 },
      { mediaType: 'text/html' },
      { path: 'evil' },
      { execution: 9 },
    ];
    for (const altered of [
      ...changes.map((change) => [{ ...first, ...change }, ...artifacts.slice(1)]),
      [],
      [...artifacts, first],
    ]) {
      rows.artifacts = altered;
      await expect(runs.artifacts(tenant, run)).rejects.toMatchObject({ ...ALTERED, first: { document: 'artifact' } });
    }
  });
});

describe('rows of steps', () => {
  /** The row of each step that has ended, as its worker wrote it. */
  const stepRows = (): StepColumns[] =>
    documents.facts.stepsEnded.map(({ step, status, code, attempts, outputs, message, exitCode }) => ({
      ...{ step, status, reason: code, attempts, outputs: null, outputsRef: outputs },
      ...{ nextAttemptAt: null, reusedFrom: null },
      error: status === 'failed' ? { code, attempts, message, exitCode } : null,
    }));

  it('are as the journal says, whatever rows of other steps say', async () => {
    const { rows: stored, runs } = opened();
    const rows = stepRows();
    expect(rows.length).toBeGreaterThan(5);
    stored.pages = storedPages().slice(0, 1);
    const waits = { ...(rows[0] as StepColumns), step: 'other', status: 'waiting', reason: 'APPROVAL' };
    await runs.compareSteps(tenant, run, [waits]);
    stored.pages = storedPages();
    await runs.compareSteps(tenant, run, rows);
    expect(await runs.artifacts(tenant, run, rows)).not.toEqual([]);
  });

  it('that say after the end of the run that they have not ended are altered, unless they were read before', async () => {
    const { rows, runs } = opened();
    const [row] = stepRows() as [StepColumns];
    for (const status of ['running', 'waiting', 'retrying', 'needs_attention', 'pending', 'evil']) {
      const open = { ...row, status };
      rows.step = open;
      await expect(runs.compareSteps(tenant, run, [open])).rejects.toMatchObject(ALTERED);
      await expect(runs.compareUnopened(tenant, run, [open])).rejects.toMatchObject(ALTERED);
    }
    rows.step = row;
    await runs.compareSteps(tenant, run, [{ ...row, status: 'running' }]);
    await expect(runs.compareSteps(tenant, run, [{ ...row, status: 'evil' }])).rejects.toMatchObject(ALTERED);
  });

  it.each<[string, Partial<StepColumns>]>([
    ['status', { status: 'skipped' }],
    ['status', { status: 'failed', error: { code: null, attempts: 1, message: null, exitCode: 1 } }],
    ['step', { step: 'evil' }],
    ['reason', { reason: 'EVIL' }],
    ['number of attempts', { attempts: 7 }],
    ['outputs', { outputs: { evil: true } }],
    ['outputs', { outputs: '\ud800' }],
    ['reference to outputs', { outputsRef: { kind: 'value', digest: sha256('evil'), size: 4 } }],
    ['reference to outputs', { outputsRef: null }],
    ['reference to outputs', { outputsRef: 7 }],
    ['time of the next attempt', { nextAttemptAt: 1 }],
    ['origin', { reusedFrom: { run: 'run_1', step: 'a', digest: sha256('evil') } }],
    ['error', { error: { code: 'EVIL' } }],
  ])('with another %s are altered', async (_what, change) => {
    const { runs } = opened();
    const row = stepRows().find(({ outputsRef }) => outputsRef !== null) as StepColumns;
    const altered = { ...ALTERED, first: { document: 'step' } };
    await expect(runs.compareSteps(tenant, run, [{ ...row, ...change }])).rejects.toMatchObject(altered);
    await expect(runs.artifacts(tenant, run, [{ ...row, ...change }])).rejects.toMatchObject(altered);
  });
});

it('the row of a failed step has its message and exit code, and of a gate the message of its outcome', () => {
  const steps = new EndedSteps();
  const end = {
    type: 'step.ended',
    step: 'a' as StepId,
    status: 'failed',
    code: 'EXIT',
    attempts: 2,
    outputs: null,
  } as const;
  steps.take({ ...end, message: 'exit 7', exitCode: 7 });
  steps.take({ ...end, step: 'g' as StepId, message: null, exitCode: null });
  const row = {
    ...{ step: 'a', status: 'failed', reason: 'EXIT', attempts: 2, outputs: null, outputsRef: null },
    ...{ nextAttemptAt: null, reusedFrom: null },
  };
  const error = { code: 'EXIT', attempts: 2, message: 'exit 7', exitCode: 7 };
  expect(steps.strayOf([{ ...row, error }])).toBeUndefined();
  expect(
    steps.strayOf([{ ...row, step: 'g', error: { ...error, message: 'ben rejected it', exitCode: null } }]),
  ).toBeUndefined();
  for (const change of [{ message: 'fine' }, { message: null }, { exitCode: 0 }, { code: 'OTHER' }, { attempts: 1 }])
    expect(steps.strayOf([{ ...row, error: { ...error, ...change } }])).toBeDefined();
  expect(steps.strayOf([{ ...row, error: null }])).toBeDefined();
  expect(steps.size).toBeGreaterThan(0);
});

const withheld = (chunk: NumberedChunk): NumberedChunk => ({ ...chunk, isWithheld: true, data: Buffer.from('w\n') });

describe('the log', () => {
  it('is compared chunk by chunk, and ends before a chunk that was altered', async () => {
    const { rows, journals } = opened();
    const chunks = sampleChunks(sample);
    const read = (altered = chunks, after = 0) =>
      new ComparedLogStore(new LogRows(altered), journals).read(tenant, run, after, 1_000);
    expect(await read()).toEqual(chunks);
    const reads = rows.reads;
    const [first, second] = chunks as [(typeof chunks)[0], (typeof chunks)[0]];
    const evil = { ...second, data: Buffer.from(second.data).map((byte) => byte ^ 1) };
    const altered = [first, evil, ...chunks.slice(2)];
    expect(await read(altered)).toEqual([first]);
    const after = first.firstLine + first.lines - 1;
    await expect(read(altered, after)).rejects.toMatchObject({ ...ALTERED, first: { document: 'log' } });
    for (const change of [
      { step: 'evil' },
      { firstLine: first.firstLine + 1 },
      { lines: first.lines + 1 },
      { execution: 99 },
    ])
      await expect(read([{ ...first, ...change }])).rejects.toMatchObject(ALTERED);
    // A sealed journal is read once.
    expect(rows.reads).toBe(reads);
  });

  it.each<[string, (chunks: readonly NumberedChunk[]) => readonly NumberedChunk[]]>([
    ['a chunk at a time that cannot be shown', ([one, ...rest]) => [{ ...(one as NumberedChunk), at: 9e15 }, ...rest]],
    ['no line', () => []],
    ['no first line', (chunks) => chunks.slice(1)],
    ['lines that are withheld, of a bundle that withholds none', (chunks) => chunks.map(withheld)],
  ])('of a sealed run is altered with %s', async (_what, change) => {
    const { rows, journals } = opened();
    const chunks = change(sampleChunks(sample)) as NumberedChunk[];
    const read = (after = 0) => new ComparedLogStore(new LogRows(chunks), journals).read(tenant, run, after, 1_000);
    await expect(read()).rejects.toMatchObject({ ...ALTERED, first: { document: 'log' } });
    // Behind the last line is none.
    expect(await read((await journals.of(tenant, run)).lastLine)).toEqual([]);
    if (chunks.some(({ at, isWithheld }) => at === 9e15 || isWithheld)) return;
    // Other runs may lack lines: nobody has all of them.
    rows.isSealed = false;
    const { journals: unsealed } = openedAs(rows);
    expect(await new ComparedLogStore(new LogRows(chunks), unsealed).read(tenant, run, 0, 1_000)).toEqual(chunks);
  });

  it('ends before lines that are missing, which are altered', async () => {
    const { journals } = opened();
    const [first, second, ...rest] = sampleChunks(sample) as [NumberedChunk, NumberedChunk];
    const store = new ComparedLogStore(new LogRows([first, ...rest]), journals);
    expect(await store.read(tenant, run, 0, 1_000)).toEqual([first]);
    await expect(store.read(tenant, run, second.firstLine - 1, 1_000)).rejects.toMatchObject(ALTERED);
  });

  it('is read on with the journal where a run goes on', async () => {
    const { rows, journals } = opened();
    const { pages } = rows;
    rows.isSealed = false;
    rows.pages = pages.slice(0, -1);
    const { lastLine } = await journals.of(tenant, run);
    rows.pages = pages;
    const reads = rows.reads;
    await journals.of(tenant, run, lastLine);
    expect(rows.reads).toBe(reads);
    expect((await journals.of(tenant, run)).ended?.status).toBe('succeeded');
  });
});

describe('the journal', () => {
  it('is a chain, and of a sealed run the one that was signed', async () => {
    const { rows, journals } = opened();
    const good = rows.pages;
    const cut = good.map((page, i) => (i === 1 ? { ...page, text: page.text.replace('"at":', '"at": ') } : page));
    for (const pages of [
      good.slice(1),
      [...good.slice(0, 1), ...good.slice(2)],
      cut,
      [{ ...(good[0] as StoredPage), text: '' }],
    ]) {
      rows.pages = pages;
      await expect(journals.of(tenant, run)).rejects.toMatchObject({ ...ALTERED, first: { document: 'journal' } });
    }
    rows.pages = rewritten((text) => text.replaceAll('"lines":', '"lines":1'));
    await expect(journals.of(tenant, run)).rejects.toMatchObject({ ...ALTERED, first: { document: 'journal' } });
    rows.pages = good;
    expect((await journals.of(tenant, run)).lastSeq).toBe(documents.facts.entries.length);
  });

  it('is altered by a row within the page that was read last', async () => {
    const { rows, journals } = opened();
    const { pages } = rows;
    rows.isSealed = false;
    rows.pages = pages.slice(0, 2);
    const read = await journals.of(tenant, run);
    const [, end] = pages;
    if (!end || read.lastSeq === end.first) throw new Error('a page of several entries is needed');
    rows.pages = [...pages.slice(0, 2), { ...end, first: end.first + 1 }, ...pages.slice(2)];
    await expect(journals.of(tenant, run)).rejects.toMatchObject({ ...ALTERED, first: { document: 'journal' } });
  });

  it('has its chain alone while the object store is away, and is compared afterwards', async () => {
    const { rows, journals } = opened();
    rows.isAway = true;
    rows.pages = rewritten((text) => text.replaceAll('"lines":', '"lines":1'));
    expect((await journals.of(tenant, run)).ended?.status).toBe('succeeded');
    rows.isAway = false;
    await expect(journals.of(tenant, run)).rejects.toMatchObject(ALTERED);
  });

  it('takes no more memory than it may, except the last one', async () => {
    const { journals } = opened(1);
    await journals.of(tenant, run);
    const { size } = journals;
    await journals.of('other' as TenantId, run).catch(() => null);
    expect(journals.size).toBeLessThanOrEqual(size);
  });
});

describe('the status of a run', () => {
  const summaryOf = (change: object = {}) =>
    ({
      runId: run,
      status: 'succeeded',
      finishedAt: 1,
      ...{ message: null, error: null, outputs: outputsOf(), counts: countsOf() },
      evidence: evidenceOf('sealed'),
      version: 1,
      ...change,
    }) as unknown as RunSummary;

  it.each(['sealed', 'pending'])('is that of its end while its evidence is %s', async (status) => {
    const { rows, runs } = opened();
    rows.isSealed = status === 'sealed';
    const evidence = evidenceOf(status);
    for (let i = 0; i < 2; i++) await runs.summary(tenant, summaryOf({ evidence }));
    for (const altered of ['failed', 'cancelled', 'running', 'waiting', 'queued'])
      await expect(runs.summary(tenant, summaryOf({ evidence, status: altered }))).rejects.toMatchObject({
        ...ALTERED,
        first: { document: 'status', found: altered },
      });
    await runs.summary(tenant, summaryOf({ evidence, status: 'failed', error: { code: 'DOCUMENT_ALTERED' } }));
  });

  it.each<[string, object]>([
    ['outputs', { outputs: { evil: true } }],
    ['outputs', { outputs: '\ud800' }],
    ['error', { error: { code: 'STEP_FAILED', stepId: null, message: 'evil' } }],
    ['error', { error: 'evil' }],
  ])('is compared with its %s, which are those of its end', async (_what, change) => {
    for (const isSealed of [true, false]) {
      const { rows, runs } = opened();
      rows.isSealed = isSealed;
      const evidence = evidenceOf(isSealed ? 'sealed' : 'pending');
      await runs.summary(tenant, summaryOf({ evidence, outputs: null }));
      await expect(runs.summary(tenant, summaryOf({ evidence, ...change }))).rejects.toMatchObject(ALTERED);
    }
  });

  it.each(['pending', 'none'])(
    'is compared with evidence and last page, which are read together, while its evidence is %s',
    async (status) => {
      const { rows, runs } = opened();
      rows.isSealed = false;
      const change = status === 'pending' ? {} : { status: 'running', finishedAt: null };
      const run = summaryOf({ ...change, evidence: evidenceOf(status) });
      const comparing = runs.summary(tenant, run).catch(() => undefined);
      expect(rows.begun).toEqual(['lastPage', 'evidence']);
      await comparing;
    },
  );

  it('differs from its evidence rather than from a page that cannot be read', async () => {
    const { rows, runs } = opened();
    rows.isPageRefused = true;
    const pending = summaryOf({ evidence: evidenceOf('pending') });
    await expect(runs.summary(tenant, pending)).rejects.toMatchObject({ first: { document: 'evidence' } });
    rows.isSealed = false;
    await expect(runs.summary(tenant, pending)).rejects.toThrow('the page is refused');
  });

  it('is compared with the numbers of steps where the signed statement lists them', async () => {
    const { rows, runs } = opened();
    const counts = { ...countsOf(), succeeded: countsOf().succeeded - 1, failed: 1 };
    await expect(runs.summary(tenant, summaryOf({ counts }))).rejects.toMatchObject(ALTERED);
    await expect(runs.summary(tenant, summaryOf({ counts: null }))).rejects.toMatchObject(ALTERED);
    rows.isSealed = false;
    await runs.summary(tenant, summaryOf({ counts, evidence: evidenceOf('pending') }));
  });

  it('is that of the signed statement where retention has removed the pages', async () => {
    const { rows, runs } = opened();
    rows.pages = [];
    await runs.summary(tenant, summaryOf({ outputs: { evil: true } }));
    await expect(runs.summary(tenant, summaryOf({ status: 'failed' }))).rejects.toMatchObject(ALTERED);
  });

  it.each([
    ['another digest of the evidence', { digest: sha256('evil') }, {}],
    ['no digest of the evidence', { digest: null }, {}],
    ['a reason why there is no evidence', { reason: 'evil' }, {}],
    ['something that it waits for', {}, { waits: [{ kind: 'gate', id: 'evil', until: null }] }],
  ])('is altered with %s after the end of the run', async (_what, evidence, change) => {
    const { runs } = opened();
    await runs.summary(tenant, summaryOf({ evidence: evidenceOf('sealed'), waits: [] }));
    await expect(
      runs.summary(tenant, summaryOf({ evidence: evidenceOf('sealed', evidence), ...change })),
    ).rejects.toMatchObject(ALTERED);
  });

  it('is no end where the journal has none', async () => {
    const { rows, runs } = opened();
    Object.assign(rows, { pages: rows.pages.slice(0, 2), isSealed: false });
    const evidence = evidenceOf('pending');
    await expect(runs.summary(tenant, summaryOf({ evidence }))).rejects.toMatchObject(ALTERED);
    await runs.summary(tenant, summaryOf({ status: 'running', finishedAt: null, evidence: evidenceOf('none') }));
  });
});

describe('the message of a run', () => {
  const withMessage = (message: object): StoredPage[] =>
    rewritten((text) => {
      const entries = JSON.parse(text) as { readonly event: { readonly type: string } }[];
      const changed = entries.map(({ event, ...entry }) => {
        return { ...entry, event: event.type === 'run.ended' ? { ...event, ...message } : event };
      });
      return canonical(changed);
    });
  const row = (message: Json, change: object = {}) =>
    ({
      ...{ runId: run, status: 'succeeded', finishedAt: 1, message, error: null, version: 1 },
      ...{ outputs: outputsOf(), counts: countsOf() },
      ...{ evidence: evidenceOf('pending'), ...change },
    }) as unknown as RunSummary;
  const error = { code: 'EXPR_NULL', message: 'no value' };

  it.each<[string, object, Json]>([
    ['a text', { message: { kind: 'value', digest: sha256('"done"'), size: 6 } }, { text: 'done' }],
    ['why there is none', { messageError: error }, { error }],
    ['none', {}, null],
  ])('is that of the journal: %s', async (_what, ended, stated) => {
    const { rows, runs } = opened();
    Object.assign(rows, { pages: withMessage(ended), isSealed: false });
    await runs.summary(tenant, row(stated));
    const others: Json[] = [{ text: 'evil' }, { text: 'done', x: 1 }, 'done', { error: { ...error, code: 'X' } }, null];
    for (const altered of others.filter((one) => canonical(one) !== canonical(stated)))
      await expect(runs.summary(tenant, row(altered))).rejects.toMatchObject({
        ...ALTERED,
        first: { document: 'status', what: 'the message of the run' },
      });
  });

  it('is none while the run goes on', async () => {
    const { rows, runs } = opened();
    Object.assign(rows, { pages: [], isSealed: false });
    const running = { status: 'running', finishedAt: null, evidence: evidenceOf('none') };
    await runs.summary(tenant, row(null, running));
    await expect(runs.summary(tenant, row({ text: 'done' }, running))).rejects.toMatchObject(ALTERED);
  });

  it('of a sealed run is that of the journal that the statement names', async () => {
    const { rows, runs } = opened();
    const sealed = { evidence: evidenceOf('sealed') };
    await runs.summary(tenant, row(null, sealed));
    rows.pages = withMessage({ message: { kind: 'value', digest: sha256('"evil"'), size: 6 } });
    await expect(runs.summary(tenant, row({ text: 'evil' }, sealed))).rejects.toMatchObject({
      ...ALTERED,
      first: { document: 'journal' },
    });
  });
});

describe('the row of a run', () => {
  const running = { status: 'running', finishedAt: null, evidence: evidenceOf('none') };
  const row = (change: object) =>
    ({
      ...{
        runId: run,
        status: 'succeeded',
        message: null,
        error: null,
        version: 1,
        outputs: outputsOf(),
        counts: countsOf(),
      },
      ...change,
    }) as unknown as RunSummary;

  it.each([
    ['says that a sealed run goes on', true, running],
    ['says that a sealed run was halted', true, { ...running, status: 'halted' }],
    ['says that an ended run goes on', false, running],
    ['says that a sealed run is not sealed', true, { finishedAt: 1, evidence: evidenceOf('pending') }],
    [
      'says that a run is sealed that has no attestation',
      false,
      { finishedAt: 1, evidence: { status: 'sealed', exports: [] } },
    ],
  ])('is altered if it %s, unless it is another one now, which is shown', async (_what, isSealed, change) => {
    const { rows, runs } = opened();
    rows.isSealed = isSealed;
    await expect(runs.summary(tenant, row(change))).rejects.toMatchObject(ALTERED);
    const now = row({ finishedAt: 1, evidence: evidenceOf(isSealed ? 'sealed' : 'pending'), version: 2 });
    rows.summary = () => now;
    expect(await runs.summary(tenant, row(change))).toBe(now);
  });

  it('is compared again if it has changed since it was read, however often', async () => {
    const { rows, runs } = opened();
    const evil = (version: number) => row({ finishedAt: 1, evidence: evidenceOf('sealed'), outputs: 'evil', version });
    // Somebody else has found the alteration.
    const marked = { ...evil(2), error: { code: 'DOCUMENT_ALTERED' } } as unknown as RunSummary;
    rows.summary = () => marked;
    expect(await runs.summary(tenant, evil(1))).toBe(marked);
    let version = 1;
    rows.summary = () => evil(++version);
    await expect(runs.summary(tenant, evil(1))).rejects.toMatchObject(ALTERED);
    rows.summary = () => null;
    expect(await runs.summary(tenant, evil(1))).toBeNull();
  });

  it.each([
    ['no step requests', { destination: 'evil', artifacts: false }],
    ['no step requests with artifacts', { destination: 'archive', artifacts: true }],
  ])('is altered with an export of its evidence that %s', async (_what, stray) => {
    const { runs } = opened();
    const asked = { destination: 'archive', artifacts: false };
    const sealed = (exports: readonly object[]) => row({ waits: [], evidence: evidenceOf('sealed', { exports }) });
    for (let i = 0; i < 2; i++) await runs.summary(tenant, sealed([asked]));
    await expect(runs.summary(tenant, sealed([asked, stray]))).rejects.toMatchObject({
      ...ALTERED,
      first: { document: 'evidence', found: stray.destination },
    });
  });

  it.each([1, 9_223_372_036_854_775_807])('is altered if it says that the bundle has %d bytes', async (bundleSize) => {
    const { rows, runs } = opened();
    await runs.compareEvidence(tenant, run);
    rows.bundleSize = bundleSize;
    await expect(runs.compareEvidence(tenant, run)).rejects.toMatchObject({
      ...ALTERED,
      first: { document: 'evidence' },
    });
  });

  it('is altered if it says that the log has fewer lines', async () => {
    const { journals, runs } = opened();
    const { lastLine } = await journals.of(tenant, run);
    await runs.compareLines(tenant, row({ lastLine }));
    await expect(runs.compareLines(tenant, row({ lastLine: 0 }))).rejects.toMatchObject(ALTERED);
  });
});

it('the states of gates, and their requests, are those of the journal once their run is over', async () => {
  const { runs } = opened();
  const [{ opened: of, ended }] = documents.facts.gates as [(typeof documents.facts.gates)[0]];
  const row = (state: string, runStatus = 'succeeded', gate: string = of.step, { gateDigest } = of) => [
    { gate, state, runStatus, gateDigest } as GateRow,
  ];
  expect(ended?.outcome).toBe('approved');
  await runs.compareGates(tenant, run, row('approved'));
  await runs.compareGates(tenant, run, row('open', 'waiting'));
  for (const [state, status] of [['rejected'], ['open'], ['expired'], ['closed'], ['expired', 'waiting']])
    await expect(runs.compareGates(tenant, run, row(state as string, status))).rejects.toMatchObject({
      ...ALTERED,
      first: { document: 'gate' },
    });
  await expect(runs.compareGates(tenant, run, row('approved', 'succeeded', 'other'))).rejects.toMatchObject(ALTERED);
  const forged = row('approved', 'succeeded', of.step, { ...of, gateDigest: sha256('other') });
  await expect(runs.compareGates(tenant, run, forged)).rejects.toMatchObject(ALTERED);
});
