import { sampleRun } from '../../../testing/sample-evidence';
import { signed, type Sample, type SampleKey } from '../../../testing/sample-signing';
import { LogRows, sampleChunks } from '../../../testing/sample-log';
import { sha256 } from '../../canonical/digest';
import { chain } from '../../journal/chain';
import type { Entry } from '../../journal/page';
import { journalNdjson } from '../../evidence/bundle/bundle-files';
import { macText } from '../claimed-run/driver-dependencies';
import type { GateRequest } from '../../evidence/records/documents';
import { decodeEnvelope, type Envelope } from '../../evidence/encoding/envelope';
import { readAdmission, readDecision } from '../../evidence/records/read-documents';
import { factsOf } from '../../evidence/records/run-facts';
import { verifySignature } from '../../evidence/encoding/signature';
import { verifyRun } from '../../evidence/verify/verify-run';
import type { Json } from '../../foundation/json';
import type { RunId, TenantId } from '../../foundation/ids';
import type { OutboxItem, SealedEvidence } from '../../ports/evidence/outbox';
import type { RunRecords } from '../../ports/runs/run-reader';
import { RunDocuments } from '../../stored/run-documents';
import { attestRun, type ArchivedFile, type AttestDependencies, type Attested } from './attest-run';
import { SerialQueue } from '../work/serial-queue';
import { plannedContents } from '../packs/stored-contents';
import { trustedRecords } from './trusted-records';
import { KeyAttestor } from './key-attestor';

function itemOf({ evidence }: Sample): OutboxItem {
  const { tenant, runId } = readAdmission(decodeEnvelope(evidence.admission).payload);
  return { id: 'x', tenant: tenant as TenantId, runId: runId as RunId, kind: 'attest', tries: 0 };
}

function documentsOf(of: Sample): RunDocuments {
  const { plan, profile, environment } = of.evidence;
  const named = { planHash: sha256(plan), profileDigest: sha256(profile) };
  return RunDocuments.compare({ ...itemOf(of), ...named, plan, profile, environment });
}

let sample: Sample;
beforeAll(async () => {
  sample = await sampleRun({ regions: 5 });
});

/** Seals the sample. Returns what was published. */
async function seal(
  heldLogBytes: number,
  logs = new LogRows(sampleChunks(sample)),
  of = sample,
  change: {
    readonly size?: object;
    readonly largeRuns?: SerialQueue;
    readonly putting?: () => Promise<void>;
    /** Alterations of the rows. */
    readonly altered?: (records: RunRecords) => RunRecords;
    readonly dependencies?: Partial<AttestDependencies>;
  } = {},
) {
  const documents = documentsOf(of);
  const { altered = (records: RunRecords) => records } = change;
  const { size = {}, largeRuns = new SerialQueue(), putting = async () => undefined } = change;
  const stored = new Map<string, Buffer>();
  const files = new Map<string, Uint8Array>();
  const sealed: SealedEvidence[] = [];
  const { evidence, keys } = of;
  const signer = (key: SampleKey) => ({
    keyid: key.trusted.keyid,
    sign: async (payloadType: string, payload: string) => signed(key, payloadType, Buffer.from(payload)),
  });
  const dependencies = {
    claims: {
      pages: async (_tenant: TenantId, _run: RunId, after: number) =>
        evidence.pages.filter(({ first }) => first > after).map((page) => ({ ...page, mac: 'mac' })),
      sensitiveInputs: async () => [],
    },
    mac: () => 'mac',
    contents: async () => plannedContents(documents.index),
    ...trustedRecords({ keys: of.trust.keys, verifySignature }),
    runReader: {
      records: async () =>
        altered({
          ...evidence,
          documents,
          manifest: evidence.pack.manifest,
          files: evidence.pack.files,
          packSignatures: [],
          gates: evidence.gates.map(({ request, show }) => ({
            gate: (JSON.parse(request) as GateRequest).gate,
            gateDigest: sha256(request),
            request: JSON.parse(request) as Json,
            show: JSON.parse(show as string) as Json,
          })),
          decisions: evidence.decisions.map((envelope) => {
            const { gate, decisionId } = readDecision(decodeEnvelope(envelope).payload);
            return { gate, decisionId, envelope };
          }),
          releases: [],
          artifacts: factsOf(evidence.pages).artifacts,
          audit: evidence.asserted.audit,
          ...{ summary: { lastLine: 1, status: 'succeeded', message: null }, journalBytes: 1_000, ...size },
        } as unknown as RunRecords),
    },
    objects: {
      open: async (_tenant: TenantId, digest: string) =>
        [
          ...evidence.pack.files.map(({ bytes }) => bytes as Uint8Array),
          ...[...evidence.egress.values()].map((text) => Buffer.from(text)),
        ].filter((bytes) => sha256(bytes) === digest),
      put: async (_tenant: TenantId, content: AsyncIterable<Uint8Array>) => {
        await putting();
        const parts: Uint8Array[] = [];
        for await (const part of content) parts.push(part);
        const bytes = Buffer.concat(parts);
        stored.set(sha256(bytes), bytes);
        return { digest: sha256(bytes), size: bytes.length };
      },
    },
    outbox: {
      seal: async (_item: unknown, one: SealedEvidence) => sealed.push(one) > 0,
      postpone: async () => undefined,
    },
    logs,
    secrets: { bindings: [], providers: new Map(), sensitive: null, providerFailed: () => undefined },
    attestor: new KeyAttestor({ run: signer(keys.run), runSealed: null, bundle: signer(keys.bundle) } as never),
    openRelease: () => null,
    retryMs: 1_000,
    authority: 'configured',
    probes: { find: async () => new Map() },
    artifactBytes: 0,
    heldLogBytes,
    atOnce: 1,
    maxBundleBytes: 1e9,
    /** The files one after the other, with their names between them. */
    async *archive(all: readonly ArchivedFile[], placed: (path: string, offset: number) => void) {
      let at = 0;
      for (const file of all) {
        const name = Buffer.from(`<${file.path}>`);
        yield name;
        at += name.length;
        placed(file.path, at);
        const parts: Uint8Array[] = [];
        if ('bytes' in file) parts.push(file.bytes);
        else for await (const piece of file.pieces()) parts.push(piece);
        yield* parts;
        files.set(file.path, Buffer.concat(parts));
        at += files.get(file.path)?.length ?? 0;
      }
    },
  };
  const all = { ...dependencies, ...change.dependencies } as unknown as AttestDependencies;
  const attested: Attested = await attestRun(all, itemOf(of), largeRuns);
  return { attested, stored, files, sealed };
}

it('makes the same bundle and the same archive whether it holds the log or not', async () => {
  const [held, passing] = [await seal(1e9), await seal(0)];
  expect(passing.attested).toMatchObject({ kind: 'sealed', withheld: [] });
  expect(passing.attested).toEqual(held.attested);
  expect([...passing.stored.keys()]).toEqual([...held.stored.keys()]);
  expect(passing.sealed).toEqual(held.sealed);
  expect(passing.sealed[0]?.archive.chunks.length).toBeGreaterThan(1);
});

it.each([
  ['a large run holds as much of its log as all others together', { lastLine: 10_000 }, 'sealed'],
  ['another run holds its share', { lastLine: 1 }, 'pending'],
])('%s', async (_what, { lastLine }, kind) => {
  const chunks = sampleChunks(sample);
  const bytes = chunks.reduce((sum, { data }) => sum + data.length, 0);
  // Whoever reads a chunk again gets other bytes, and postpones the seal.
  const logs = new LogRows(chunks, (data) => data.map((byte) => byte ^ 1));
  const size = { summary: { lastLine, status: 'succeeded', message: null } };
  const { attested } = await seal(bytes, logs, sample, { size, dependencies: { atOnce: 2 } });
  expect(attested.kind).toBe(kind);
});

it('makes a bundle that verifies of a log that it did not hold', async () => {
  const { files } = await seal(0);
  const builders = ['https://stellaops.io/taskrunner/builders/local/v1'];
  const trust = { ...sample.trust, keys: sample.trust.keys.map((key) => ({ ...key, builders })) };
  const { checks } = verifyRun({ files, trust, verifySignature });
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
});

it('leaves nothing behind where a log is another one when it is written, and tries again', async () => {
  const { attested, stored, sealed } = await seal(
    0,
    new LogRows(sampleChunks(sample), (data) => data.map((byte) => byte ^ 1)),
  );
  expect(attested).toEqual({ kind: 'pending', reason: 'logs/000001.log has changed while it was sealed' });
  expect([stored.size, sealed]).toEqual([0, []]);
});

it('reads the journal from its start where claims went on from a snapshot, and seals none that was altered there', async () => {
  const snapped = await sampleRun({ snapshotEntries: 12 });
  const sealedAs = async (pages: Sample['evidence']['pages']) =>
    (await seal(1e9, new LogRows(sampleChunks(snapped)), { ...snapped, evidence: { ...snapped.evidence, pages } }))
      .attested;
  const { pages } = snapped.evidence;
  expect(await sealedAs(pages)).toMatchObject({ kind: 'sealed' });
  const altered = pages.map((page, index) =>
    index === 0 ? { ...page, entries: page.entries.map((entry) => ({ ...entry, at: entry.at + 1 })) } : page,
  );
  const reason = 'JOURNAL_TAMPERED: the chain breaks at entry 1: hash';
  expect(await sealedAs(altered)).toEqual({ kind: 'blocked', reason });
});

describe('a large journal', () => {
  const LARGE = { journalBytes: 1_000_000 };
  /** Some hundred entries, and a worker that takes over. */
  let large: Sample;
  beforeAll(async () => {
    large = await sampleRun({ regions: 800 });
  });

  /** Claims that give two pages at a time, each with the mac of its fence. */
  function inParts(of: Sample, altered: (page: Sample['evidence']['pages'][number]) => object = () => ({})) {
    const asked: number[] = [];
    let fence = 0;
    const pages = of.evidence.pages.map((page) => {
      for (const { event } of page.entries) if (event.type === 'run.claimed') fence = event.fence;
      const last = page.first + page.entries.length - 1;
      const mac = macText(itemOf(of).runId, last, page.hash, fence);
      return { ...page, mac, ...altered(page) };
    });
    const claims = {
      pages: async (_tenant: TenantId, _run: RunId, after: number, limit?: number) => {
        asked.push(after);
        return limit === undefined ? pages : pages.filter(({ first }) => first > after).slice(0, 2);
      },
      sensitiveInputs: async () => [],
    };
    return { asked, dependencies: { claims, mac: (text: string) => text } as unknown as AttestDependencies };
  }
  const sealedIn = (of: Sample, size: object, dependencies: Partial<AttestDependencies>) =>
    seal(1e9, new LogRows(sampleChunks(of)), of, { size, dependencies });

  it('is read in parts, checked over their borders, and gives the same bundle', async () => {
    const whole = await sealedIn(sample, {}, inParts(sample).dependencies);
    const { asked, dependencies } = inParts(sample);
    const parted = await sealedIn(sample, LARGE, dependencies);
    expect(asked.length).toBeGreaterThan(3);
    expect(parted.attested).toMatchObject({ kind: 'sealed' });
    expect(parted.attested).toEqual(whole.attested);
    expect(parted.sealed).toEqual(whole.sealed);
  });

  it.each([
    [
      'a page follows another one',
      (page: { first: number }, last: number) => (page.first === last ? { prev: sha256('x') } : {}),
      'prev',
    ],
    [
      'a page has another mac',
      (page: { first: number }, last: number) => (page.first === last ? { mac: '' } : {}),
      'the mac of the page',
    ],
  ])('is not sealed if %s in a later part', async (_what, alter, reason) => {
    const last = sample.evidence.pages.at(-1)?.first ?? 0;
    const { dependencies } = inParts(sample, (page) => alter(page, last));
    const { attested } = await sealedIn(sample, LARGE, dependencies);
    expect(attested).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(reason) });
  });

  it('has the macs of the fence that an earlier part has claimed with', async () => {
    const claim = factsOf(sample.evidence.pages).entries.find(({ event }) => event.type === 'run.claimed');
    if (claim?.event.type !== 'run.claimed') throw new Error('a claim is needed');
    const { fence } = claim.event;
    const again = { ...claim, event: { ...claim.event, fence: 7 } };
    let head = { seq: 0, hash: decodeEnvelope(sample.evidence.admission).digest };
    // Another worker has claimed the run with the second page, which ends the first part.
    const pages = sample.evidence.pages.map(({ entries, values }, index) => {
      const [first] = entries;
      const next = chain(
        head,
        index === 1 && first ? [{ ...again, at: first.at } as Entry, ...entries] : entries,
        values,
      );
      head = next.head;
      return next.page;
    });
    const of = { ...sample, evidence: { ...sample.evidence, pages } };
    expect((await sealedIn(of, LARGE, inParts(of).dependencies)).attested).toMatchObject({ kind: 'sealed' });
    // As if the claim had not counted for the pages of the next parts.
    const last = pages.at(-1);
    const stale = inParts(of, (page) =>
      page.first === last?.first
        ? { mac: macText(itemOf(of).runId, page.first + page.entries.length - 1, page.hash, fence) }
        : {},
    );
    const { attested } = await sealedIn(of, LARGE, stale.dependencies);
    expect(attested).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('the mac of the page') });
  });

  it('is not sealed if a row was put within the last page of a part', async () => {
    const { pages } = sample.evidence;
    // The second page ends the first part.
    const [, end] = pages;
    if (!end || end.entries.length < 2) throw new Error('a page of several entries is needed');
    const stray = { ...end, first: end.first + 1 };
    const of = { ...sample, evidence: { ...sample.evidence, pages: [...pages.slice(0, 2), stray, ...pages.slice(2)] } };
    const { attested } = await sealedIn(of, LARGE, inParts(of).dependencies);
    const reason = `JOURNAL_TAMPERED: the chain breaks at entry ${stray.first}: gap`;
    expect(attested).toEqual({ kind: 'blocked', reason });
  });

  it.each([
    ['large', LARGE],
    ['small', {}],
  ])('is not sealed if its last pages are missing: %s', async (_what, size) => {
    const of = { ...sample, evidence: { ...sample.evidence, pages: sample.evidence.pages.slice(0, -1) } };
    const { attested } = await sealedIn(of, size, inParts(of).dependencies);
    expect(attested).toEqual({ kind: 'blocked', reason: 'JOURNAL_TAMPERED: the journal does not end the run' });
  });

  it('is spelled when it is written, with the bytes and the place that its text would have', async () => {
    const { evidence } = large;
    expect(factsOf(evidence.pages).entries.length).toBeGreaterThan(4_096);
    const { attested, files, sealed } = await sealedIn(large, LARGE, inParts(large).dependencies);
    expect(attested).toMatchObject({ kind: 'sealed' });
    const text = journalNdjson(evidence.pages);
    expect(Buffer.from(files.get('journal.ndjson') ?? []).toString()).toBe(text);
    const { journal } = (sealed[0] as SealedEvidence).archive;
    expect(journal).toMatchObject({ size: Buffer.byteLength(text), sha256: sha256(text) });
    const builders = ['https://stellaops.io/taskrunner/builders/local/v1'];
    const trust = { ...large.trust, keys: large.trust.keys.map((key) => ({ ...key, builders })) };
    const { checks } = verifyRun({ files, trust, verifySignature });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});

/** An envelope with another payload under the same signature. */
function forged(envelope: Envelope): Envelope {
  const payload = Buffer.from(envelope.payload, 'base64')
    .toString()
    .replace('"nonce":"', '"nonce":"0')
    .replace('"approved"', '"rejected"');
  return { ...envelope, payload: Buffer.from(payload).toString('base64') };
}

type Rows = (records: RunRecords) => RunRecords;
const gatesWith =
  (change: (gate: RunRecords['gates'][number]) => object): Rows =>
  (records) => ({
    ...records,
    gates: records.gates.map((gate) => ({ ...gate, ...change(gate) })),
  });

const artifactsWith =
  (change: (artifact: RunRecords['artifacts'][number]) => object): Rows =>
  (records) => ({
    ...records,
    artifacts: records.artifacts.map((artifact) => ({ ...artifact, ...change(artifact) })),
  });

/** A sample whose artifacts have another size, by its journal. */
function withArtifacts(of: Sample, size: number): Sample {
  let head = { seq: 0, hash: decodeEnvelope(of.evidence.admission).digest };
  const pages = of.evidence.pages.map(({ entries, values }) => {
    const changed = entries.map((entry) =>
      entry.event.type === 'artifact.captured'
        ? ({ ...entry, event: { ...entry.event, size } } as typeof entry)
        : entry,
    );
    const next = chain(head, changed, values);
    head = next.head;
    return next.page;
  });
  return { ...of, evidence: { ...of.evidence, pages } };
}

it.each<[string, Rows, Partial<AttestDependencies>]>([
  ['admission', (records) => ({ ...records, admission: forged(records.admission) }), {}],
  ['gate', gatesWith(({ request }) => ({ request: { ...(request as object), message: 'another' } })), {}],
  ['gate', gatesWith(() => ({ gateDigest: sha256('another') })), {}],
  ['gate', (records) => ({ ...records, gates: [] }), {}],
  ['show', gatesWith(() => ({ show: { hits: [] } })), {}],
  [
    'decision',
    ({ decisions, ...rest }) => ({
      ...rest,
      decisions: decisions.map((one) => ({ ...one, envelope: forged(one.envelope) })),
    }),
    {},
  ],
  ['decision', (records) => ({ ...records, decisions: records.decisions.slice(1) }), {}],
  ['resolution', (records) => ({ ...records, resolutions: [records.admission] }), {}],
  ['artifact', artifactsWith(() => ({ digest: sha256('x') })), {}],
  ['artifact', artifactsWith(() => ({ size: 7 })), {}],
  ['artifact', artifactsWith(() => ({ mediaType: 'text/html' })), {}],
  ['artifact', (records) => ({ ...records, artifacts: [...records.artifacts, ...records.artifacts] }), {}],
  ['artifact', (records) => ({ ...records, artifacts: [] }), {}],
  ['status', (records) => ({ ...records, summary: { ...records.summary, status: 'failed' } }), {}],
  ['status', (records) => ({ ...records, summary: { ...records.summary, message: { text: 'evil' } } }), {}],
  ['pack', (records) => records, { contents: async () => ({ '': sha256('another pack') }) }],
  ['probe', (records) => records, { probes: { find: async () => new Map([[sha256('probe'), 'another']]) } }],
])('does not seal a run whose %s was altered', async (document, altered, dependencies) => {
  const { attested, stored, sealed } = await seal(1e9, new LogRows(sampleChunks(sample)), sample, {
    altered,
    dependencies,
  });
  // The chain of the journal begins with the admission.
  if (document === 'admission')
    expect(attested).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('JOURNAL_TAMPERED') });
  else
    expect(attested).toMatchObject({
      kind: 'blocked',
      reason: expect.stringMatching(/^DOCUMENT_ALTERED: /),
      altered: [{ document, expected: expect.anything(), found: expect.anything() }],
    });
  expect([stored.size, sealed]).toEqual([0, []]);
});

it('does not seal a run whose log was altered, nor one with a page that no worker wrote', async () => {
  const chunks = sampleChunks(sample).map((chunk) => ({ ...chunk, data: chunk.data.map((byte) => byte ^ 1) }));
  expect((await seal(1e9, new LogRows(chunks))).attested).toMatchObject({
    kind: 'blocked',
    altered: [{ document: 'log' }],
  });
  const unknown = { dependencies: { mac: () => 'another' } };
  expect((await seal(1e9, new LogRows(sampleChunks(sample)), sample, unknown)).attested).toMatchObject({
    kind: 'blocked',
    reason: expect.stringContaining('JOURNAL_TAMPERED: the mac'),
  });
});

it.each([
  ['small runs at once', {}, 3],
  ['runs with a large journal one at a time', { journalBytes: 200_000 }, 1],
  ['runs with a long log one at a time', { summary: { lastLine: 2_001, status: 'succeeded', message: null } }, 1],
  ['runs with large artifacts one at a time', 2 ** 21, 1],
])('seals %s', async (_what, large, most) => {
  const [of, size] = typeof large === 'number' ? [withArtifacts(sample, large), {}] : [sample, large];
  const largeRuns = new SerialQueue();
  let [now, seen] = [0, 0];
  const putting = async (): Promise<void> => {
    seen = Math.max(seen, ++now);
    await new Promise((resolve) => setTimeout(resolve, 20));
    now--;
  };
  const one = async () =>
    (await seal(1e9, new LogRows(sampleChunks(sample)), of, { size, largeRuns, putting })).attested;
  const all = await Promise.all([one(), one(), one()]);
  expect(all.map(({ kind }) => kind)).toEqual(['sealed', 'sealed', 'sealed']);
  expect(seen).toBe(most);
});
