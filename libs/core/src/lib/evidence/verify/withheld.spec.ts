import { failing, retold, SampleBundle } from '../../../testing/sample-bundle';
import { signed } from '../../../testing/sample-signing';
import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Unnumbered } from '../../journal/page';
import { decodeEnvelope, type Envelope } from '../encoding/envelope';
import { PAYLOAD_TYPE, type ReleaseRecord } from '../records/documents';
import { readEvidence } from '../records/evidence-documents';
import type { RunEvidence } from '../records/run-evidence';
import { withholdSecrets, withoutUntakenSecrets } from '../records/withheld';

const signedRun = new SampleBundle();
const { forged, forgedRun, verified } = signedRun;
beforeAll(() => signedRun.start());

describe('what is withheld', () => {
  it('is named, and its checks rest on signatures', () => {
    const holdsSecret = (bytes: Uint8Array): boolean => /CVE-1|hello from scan/.test(Buffer.from(bytes).toString());
    const files = forgedRun((evidence) => withholdSecrets(evidence, holdsSecret));
    const verification = verified(files);
    expect(failing(verification)).toEqual([]);
    const basis = Object.fromEntries(verification.checks.map((check) => [check.name, check.basis]));
    expect(basis).toMatchObject({ 'logs.digest': 'signed', 'artifacts.bytes': 'signed', exceptions: 'signed' });
    for (const [path, bytes] of files) {
      if (/^(logs|artifacts)\/|show\.json$/.test(path))
        expect(Buffer.from(bytes).toString()).not.toMatch(/"hits"|hello from scan/);
    }
  });

  it.each([
    ['other numbers than 0 and up', { chunk: 1 }, 'chunk 0 is missing'],
    ['more lines than bytes', { lines: 1_000_000 }, 'chunk 0 has more lines than bytes'],
  ])('has no chunks with %s, although nobody can read the stream', (_, change, detail) => {
    const { checks } = verified(
      forgedRun((evidence) => {
        const pages = retold(evidence.pages, (entries) =>
          entries.map((entry) => {
            return entry.kind === 'fact' && entry.event.type === 'log'
              ? { ...entry, event: { ...entry.event, ...change } }
              : entry;
          }),
        );
        return withholdSecrets({ ...evidence, pages }, () => true);
      }),
    );
    const failed = checks.filter(({ ok }) => !ok);
    expect(failed).toMatchObject([{ name: 'logs.digest', detail: expect.stringContaining(detail) }]);
  });

  it('stands under no digest and no size: a notice is no oracle for a weak secret', () => {
    const holdsSecret = (bytes: Uint8Array): boolean => /CVE-1|hello from scan/.test(Buffer.from(bytes).toString());
    const withheld = withholdSecrets(signedRun.sample.evidence, holdsSecret);
    const notices = [
      ...withheld.gates.map(({ show }) => show),
      ...withheld.logs.map(({ data }) => data),
      ...withheld.artifacts.values(),
    ].filter((data) => typeof data === 'object' && 'withheld' in data);
    expect(notices.length).toBeGreaterThan(2);
    for (const notice of notices) expect(Object.keys(notice).sort()).toEqual(['path', 'withheld']);
  });

  /** The notices of earlier versions, with digest and size of what they replace. */
  function withEarlierNotices(change: Partial<{ size: number; sha256: Digest }> = {}): Map<string, Uint8Array> {
    const holdsSecret = (bytes: Uint8Array): boolean => /CVE-1|hello from scan/.test(Buffer.from(bytes).toString());
    return forgedRun((evidence) => {
      const withheld = withholdSecrets(evidence, holdsSecret);
      const earlier = <T extends RunEvidence['logs'][number]['data'] | string>(notice: T, data: T): T =>
        typeof notice === 'object' && 'withheld' in notice && (typeof data === 'string' || data instanceof Uint8Array)
          ? { ...notice, size: data.length, sha256: sha256(data), ...change }
          : notice;
      return {
        ...withheld,
        gates: withheld.gates.map(({ request, show }, i) => {
          return { request, show: earlier(show, evidence.gates[i]?.show as string) };
        }),
        logs: withheld.logs.map((log, i) => {
          return { ...log, data: earlier(log.data, evidence.logs[i]?.data as Uint8Array) };
        }),
        artifacts: new Map(
          [...withheld.artifacts].map(([name, data]) => [
            name,
            earlier(data, evidence.artifacts.get(name) as typeof data),
          ]),
        ),
      };
    });
  }

  it('was named with digest and size by earlier versions: their bundles hold, if the notice is of that file', () => {
    expect(failing(verified(withEarlierNotices()))).toEqual([]);
    expect(failing(verified(withEarlierNotices({ size: 1 })))).toEqual(['logs.digest', 'artifacts.bytes']);
    expect(failing(verified(withEarlierNotices({ sha256: sha256('other') })))).toEqual([
      'gates.requests',
      'artifacts.bytes',
    ]);
  });

  it.each([
    ['an earlier notice', (path: string, bytes: Uint8Array) => ({ path, size: bytes.length, sha256: sha256(bytes) })],
    ['a notice', (path: string) => ({ path })],
  ])('cannot be taken away by the bundle key alone, with %s', (_, noticeOf) => {
    const packFile = 'pack/files/scripts/fix.sh';
    for (const path of [...signedRun.bundle.keys()].filter(
      (one) => /^(logs|artifacts)\/|show\.json$/.test(one) || one === packFile,
    )) {
      const notice = canonical({
        ...noticeOf(path, signedRun.bundle.get(path) ?? new Uint8Array()),
        withheld: 'secret',
      });
      const content = path === packFile ? ['pack.content'] : [];
      expect(failing(verified(forged({ [path]: notice })))).toEqual([...content, 'statement.agrees', 'exceptions']);
    }
  });

  it('leaves out a decision that holds a secret and that the journal did not take; one that it took stays', () => {
    const holds = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes('hunter2-hunter2');
    const [taken] = signedRun.sample.evidence.decisions;
    const record = JSON.parse(Buffer.from(decodeEnvelope(taken as Envelope).payload).toString()) as Json;
    const typed = { ...(record as object), decisionId: 'dec_typed', response: { note: 'it is hunter2-hunter2' } };
    const withSecret = signed(signedRun.sample.keys.ledger, PAYLOAD_TYPE.decision, typed);
    const evidence = { ...signedRun.sample.evidence, decisions: [...signedRun.sample.evidence.decisions, withSecret] };
    const left = withoutUntakenSecrets(evidence, readEvidence(evidence).facts, holds);
    expect(left.decisions).toEqual(signedRun.sample.evidence.decisions);
    expect(failing(verified(forgedRun(() => left)))).toEqual([]);
    expect(
      withoutUntakenSecrets(signedRun.sample.evidence, readEvidence(signedRun.sample.evidence).facts, () => true),
    ).toEqual(signedRun.sample.evidence);
    const note = { type: 'note', code: 'RECORD_WITHHELD', detail: { folder: 'decisions', step: 'approve', letter: 3 } } as const; // prettier-ignore
    const files = forgedRun(() => ({
      ...left,
      pages: retold(left.pages, (entries) => [...entries, { at: entries.at(-1)?.at ?? 0, kind: 'fact', event: note }]),
    }));
    expect(failing(verified(files))).toEqual([]);
    expect(verified(files).checks.find(({ name }) => name === 'exceptions')?.detail).toBe(
      'withheld decisions/approve#3',
    );
  });

  it('is told of by the journal where it was never stored: without digest and size, named in statement and index', () => {
    const note: Unnumbered = {
      at: signedRun.sample.evidence.pages[0]?.entries[0]?.at ?? 0,
      kind: 'fact',
      event: {
        type: 'note',
        code: 'ARTIFACT_WITHHELD',
        detail: { step: 'scan', execution: 1, name: 'key', path: 'out/key.pem' },
      },
    };
    const files = forgedRun((evidence) => ({
      ...evidence,
      pages: retold(evidence.pages, (entries) => {
        const place = entries.findIndex(({ event }) => event.type === 'artifact.captured');
        const at = entries[place]?.at ?? 0;
        return [...entries.slice(0, place), { ...note, at }, ...entries.slice(place)];
      }),
    }));
    const verification = verified(files);
    expect(failing(verification)).toEqual([]);
    const answers = Object.fromEntries(verification.checks.map(({ name, basis, detail }) => [name, { basis, detail }]));
    expect(answers['exceptions']).toEqual({ basis: 'signed', detail: 'withheld artifacts/scan#1/key' });
    expect(answers['artifacts.bytes']).toEqual({ basis: 'signed', detail: '1 of 1 in the bundle, 1 never stored' });
    expect(JSON.parse(Buffer.from(files.get('artifacts.json') as Uint8Array).toString())).toMatchObject({
      artifacts: [{ name: 'report' }],
      withheld: [{ step: 'scan', execution: 1, name: 'key', path: 'out/key.pem' }],
    });
    expect([...files.keys()].filter((path) => path.startsWith('artifacts/'))).toHaveLength(1);
  });
});

describe('evidence that an operator released', () => {
  const FILE = 'pack/files/scripts/fix.sh';
  const release = (change: Partial<ReleaseRecord> = {}, key = signedRun.sample.keys.ledger): Envelope => {
    const { runId, tenant } = readEvidence(signedRun.sample.evidence).admission.record;
    const person = { iss: 'https://issuer.test', sub: 'root' };
    const record = { schema: 'taskrunner.release.v1', runId, tenant, paths: [FILE], person, reason: 'secret was changed', decidedAt: '2026-01-02T00:00:00.000Z', ...change }; // prettier-ignore
    return signed(key, PAYLOAD_TYPE.release, record);
  };
  const releasedAs = (released: readonly string[], releases: readonly Envelope[]) =>
    forgedRun((evidence) => ({ ...evidence, released, releases }));

  it('holds without a pack file: by its digest, on the word of the ledger, in plain sight', () => {
    const files = releasedAs([FILE], [release()]);
    expect(Buffer.from(files.get(FILE) ?? []).toString()).toBe(canonical({ path: FILE, withheld: 'secret' }));
    const verification = verified(files);
    expect(failing(verification)).toEqual([]);
    const answers = Object.fromEntries(verification.checks.map(({ name, basis, detail }) => [name, { basis, detail }]));
    // The content digest follows from the listing; planning again is not possible without the file.
    expect(answers['pack.content']?.basis).toBe('recomputed');
    expect(answers['plan.hash']?.basis).toBe('signed');
    expect(answers['exceptions']).toEqual({
      basis: 'signed',
      detail: `withheld ${FILE} (released by root: secret was changed)`,
    });
  });

  it('holds with a release that withholds nothing: it was tried again', () => {
    expect(failing(verified(releasedAs([], [release({ paths: [] })])))).toEqual([]);
  });

  it.each<readonly [string, () => readonly Envelope[]]>([
    ['nobody released', () => []],
    ['another release names', () => [release({ paths: ['pack/files/README.md'] })]],
    ['a release of another run names', () => [release({ runId: 'run_other' })]],
  ])('does not hold without a file that %s', (_, releases) => {
    expect(failing(verified(releasedAs([FILE], releases())))).toEqual(['exceptions']);
  });

  it('does not hold without a file that a release by the key of the run names', () => {
    const files = releasedAs([FILE], [release({}, signedRun.sample.keys.run)]);
    expect(failing(verified(files))).toEqual(['trust.keys', 'exceptions']);
  });

  it('does not hold without what cannot be derived again, and says what is withheld', () => {
    const decision = verified(releasedAs(['decisions/1.json'], [release({ paths: ['decisions/1.json'] })]));
    expect(failing(decision)).toEqual(['decisions.signature', 'decisions.proof', 'decisions.people', 'decisions.time', 'statement.agrees']); // prettier-ignore
    const plan = verified(releasedAs(['plan.json'], [release({ paths: ['plan.json'] })]));
    expect(plan.ok).toBe(false);
    const [failed] = plan.checks.filter(({ name }) => name === 'plan.hash');
    expect(failed).toMatchObject({ ok: false, detail: 'EVIDENCE_WITHHELD: plan.json is withheld' });
  });
});
