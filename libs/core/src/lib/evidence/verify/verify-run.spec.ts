import {
  aKey,
  resealed,
  sampleRun,
  sealBundle,
  signed,
  signedStatement,
  trustOf,
  type Sample,
  type SampleOptions,
} from '../../../testing/sample-evidence';
import { searched } from '../../../testing/runs-of-laws';
import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import type { Digest, StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { chain } from '../../journal/chain';
import type { Page, Unnumbered } from '../../journal/page';
import type { Fact } from '../../run/run-event';
import { MANIFEST, MANIFEST_ATTESTATION } from '../bundle/bundle-files';
import { openSession, type VerifyRequest } from './check/verification-session';
import { answer, CHECK_NAMES, type CheckName } from './check/check';
import { manifestComplete, manifestSignature } from './check/check-archive';
import { egressWithin } from './check/check-egress-log';
import { egressNdjson } from '../statement/derived-files';
import { writeEgressLog } from '../../egress/egress-log';
import { PAYLOAD_TYPE, type ReleaseRecord } from '../records/documents';
import { decodeEnvelope, type Envelope } from '../encoding/envelope';
import { readEvidence } from '../records/evidence-documents';
import type { RunEvidence } from '../records/run-evidence';
import { verifySignature } from '../encoding/signature';
import { sigstoreFile } from '../encoding/sigstore';
import { buildStatement, type Statement } from '../statement/statement';
import { stepRecords } from '../records/step-records';
import { verifyRun, type Verification } from './verify-run';
import { withholdSecrets, withoutUntakenSecrets } from '../records/withheld';

let sample: Sample;
let bundle: Map<string, Uint8Array>;

beforeAll(async () => {
  sample = await sampleRun();
  bundle = sealBundle(sample);
});

function verified(files: ReadonlyMap<string, Uint8Array>, change: Partial<VerifyRequest> = {}): Verification {
  return verifyRun({ files, trust: sample.trust, verifySignature, ...change });
}

function failing(verification: Verification): readonly CheckName[] {
  return verification.checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

/** The bundle with some files replaced under a newly signed manifest: what the bundle key alone could forge. */
function forged(
  changes: { readonly [path: string]: Uint8Array | string | null },
  of = sample,
): Map<string, Uint8Array> {
  const files = new Map(sealBundle(of));
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === null) files.delete(path);
    else files.set(path, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  }
  return resealed(
    of.keys.bundle,
    [...files].map(([path, bytes]) => ({ path, bytes })),
  );
}

/** A bundle of altered evidence, signed with all keys except those of people and of the admission: what run and bundle key could forge. */
function forgedRun(change: (evidence: RunEvidence) => RunEvidence): Map<string, Uint8Array> {
  return sealBundle({ ...sample, evidence: change(sample.evidence) });
}

/** The altered journal: entries changed and hash-chained again. */
function retold(
  pages: readonly Page[],
  restate: (entries: readonly Unnumbered[]) => readonly Unnumbered[],
): readonly Page[] {
  const entries = pages.flatMap((page) => page.entries).map(({ seq: _seq, ...entry }) => entry);
  const values = Object.assign({}, ...pages.map((page) => page.values)) as Page['values'];
  return [chain({ seq: 0, hash: pages[0]?.prev as Digest }, restate(entries), values).page];
}

describe('a run with snapshots', () => {
  const restateOf = (change: (event: Fact & { type: 'state' }) => Fact) => (entries: readonly Unnumbered[]) =>
    entries.map((entry) =>
      entry.kind === 'fact' && entry.event.type === 'state' ? { ...entry, event: change(entry.event) } : entry,
    );
  let snapped: Sample;
  beforeAll(async () => {
    snapped = await sampleRun({ loop: true, regions: 6, snapshotEntries: 12 });
  });
  const check = (restate: (entries: readonly Unnumbered[]) => readonly Unnumbered[]) => {
    const pages = retold(snapped.evidence.pages, restate);
    const files = sealBundle({ ...snapped, evidence: { ...snapped.evidence, pages } });
    return failing(verifyRun({ files, trust: snapped.trust, verifySignature }));
  };

  it('holds: each is what the replay has reached there', () => {
    const entries = snapped.evidence.pages.flatMap((page) => page.entries);
    expect(entries.filter(({ event }) => event.type === 'state').length).toBeGreaterThan(3);
    expect(failing(verifyRun({ files: sealBundle(snapped), trust: snapped.trust, verifySignature }))).toEqual([]);
    expect(check((restated) => restated)).toEqual([]);
  });

  it('does not hold where one says something else, or is of another machine', () => {
    expect(check(restateOf((event) => ({ ...event, digest: digestOf('other') })))).toEqual(['journal.replay']);
    expect(check(restateOf((event) => ({ ...event, machine: 2 })))).toEqual(['journal.replay']);
  });

  it('says nothing about where values stand', () => {
    expect(check(restateOf((event) => ({ ...event, values: digestOf('other') })))).toEqual([]);
  });
});

describe('a run with a loop', () => {
  it('holds: a gate an iteration, each over its item and over what the iteration before yielded', async () => {
    const looped = await sampleRun({ loop: true });
    const verification = verifyRun({ files: sealBundle(looped), trust: looped.trust, verifySignature });
    expect(failing(verification)).toEqual([]);
    const requests = [...readEvidence(looped.evidence).gates.values()].map(({ request }) => request);
    const turns = requests.filter(({ gate }) => gate.startsWith('turns'));
    expect(turns.map(({ gate, item, opens, reads }) => [gate, item, opens, Object.keys(reads)])).toEqual([
      ['turns[0]::ok', digestOf(10), ['turns[0]::turn'], []],
      ['turns[1]::ok', digestOf(5), ['turns[1]::turn'], ['turns[0]']],
    ]);
    const steps = stepRecords(readEvidence(looped.evidence).index, readEvidence(looped.evidence).facts);
    expect(steps.filter(({ id }) => id.startsWith('turns')).map(({ id, status }) => [id, status])).toEqual([
      ['turns[0]::ok', 'succeeded'],
      ['turns[0]::turn', 'succeeded'],
      ['turns[1]::ok', 'succeeded'],
      ['turns[1]::turn', 'succeeded'],
      ['turns', 'succeeded'],
    ]);
  });

  it('does not hold where a request names the item of another iteration', async () => {
    const looped = await sampleRun({ loop: true });
    const evidence = {
      ...looped.evidence,
      pages: looped.evidence.pages.map((page) => ({
        ...page,
        values: Object.fromEntries(
          Object.entries(page.values).map(([digest, value]) => [
            digest,
            canonical(value).includes('"range"') ? { range: { start: 11, end: 0, step: -5 } } : value,
          ]),
        ),
      })),
    };
    const verification = verifyRun({
      files: sealBundle({ ...looped, evidence }),
      trust: looped.trust,
      verifySignature,
    });
    expect(failing(verification)).toContain('gates.requests');
  });
});

describe('verifyRun', () => {
  it('holds for an honest bundle, whoever reads it, and says what it compared', () => {
    const verification = verified(bundle);
    expect(failing(verification)).toEqual([]);
    expect(verification.checks.map(({ name }) => name)).toEqual(CHECK_NAMES);
    const [gate] = readEvidence(sample.evidence).gates.values();
    expect(Object.keys(gate?.request.reads ?? {})).toEqual(['scan']);
    expect(verification).toMatchObject({ ok: true, planHash: sha256(sample.evidence.plan) });
    expect(verification.summary).toMatch(/^self-consistent, signed by SHA256:.*; nothing was compared/);
    const basis = Object.fromEntries(verification.checks.map((check) => [check.name, check.basis]));
    expect(basis).toMatchObject({
      'pack.content': 'recomputed',
      'plan.hash': 'recomputed',
      'journal.replay': 'recomputed',
      'gates.requests': 'recomputed',
      'effects.gated': 'recomputed',
      policies: 'recomputed',
      'statement.agrees': 'recomputed',
      'provenance.agrees': 'recomputed',
      'decisions.proof': 'signed',
      checkpoints: 'absent',
      'time.basis': 'asserted',
    });
  });

  it.each<[string, SampleOptions, string]>([
    ['a run whose steps failed', { fails: true }, 'failed'],
    ['a run that was rejected', { rejects: true }, 'failed'],
    ['a run that was cancelled before it began', { cancels: true }, 'cancelled'],
    ['P-256 keys', { algorithm: 'ecdsa-p256' }, 'succeeded'],
  ])('holds for %s', async (_what, options, result) => {
    const other = await sampleRun(options);
    const files = sealBundle(other);
    expect(failing(verified(files, { trust: other.trust }))).toEqual([]);
    expect(buildStatement(readEvidence(other.evidence)).predicate.run.result).toBe(result);
    expect(files.has('attestations/slsa.sigstore.json')).toBe(result === 'succeeded');
  });

  it('makes the same bytes twice', () => {
    expect([...sealBundle(sample)]).toEqual([...bundle]);
  });

  it('notices any flipped byte of any file, of manifest and its attestation every one', () => {
    for (const [path, bytes] of bundle) {
      const whole = path === MANIFEST || path === MANIFEST_ATTESTATION;
      const step = whole ? 1 : Math.max(1, Math.floor(bytes.length / 8));
      for (let place = 0; place < bytes.length; place += step) {
        const flipped = Uint8Array.from(bytes);
        flipped[place] = (flipped[place] ?? 0) ^ (1 << (place % 7));
        const flippedCase = openSession({
          files: new Map(bundle).set(path, flipped),
          trust: sample.trust,
          verifySignature,
        });
        const checks = [answer('manifest.signature', manifestSignature, flippedCase)];
        if (!whole) checks.push(answer('manifest.complete', manifestComplete, flippedCase));
        if (checks.every(({ ok }) => ok)) throw new Error(`${path} at ${place} goes unnoticed`);
      }
    }
  });

  it('notices a missing and an extra file, and one with no place in a bundle', () => {
    for (const path of bundle.keys()) {
      const files = new Map(bundle);
      files.delete(path);
      expect(verified(files).ok).toBe(false);
    }
    expect(failing(verified(new Map(bundle).set('pack/files/extra', Buffer.from('x'))))).toContain('manifest.complete');
    expect(failing(verified(forged({ '../evil': 'x' })))).toEqual(['archive.safe']);
    expect(failing(verified(forged({ 'run.sh': 'x' })))).toEqual(['archive.safe']);
    expect(failing(verified(bundle, { archiveFaults: ['a link'] }))).toEqual(['archive.safe']);
  });
});

describe('what a bundle key alone cannot forge', () => {
  const cases: readonly [
    string,
    (files: ReadonlyMap<string, Uint8Array>) => { [path: string]: Uint8Array | string | null },
    CheckName,
  ][] = [
    ['a pack file', () => ({ 'pack/files/scripts/fix.sh': '#!/bin/sh\nrm -rf /\n' }), 'pack.content'],
    [
      'a pack manifest',
      (files) => ({ 'pack/manifest.json': text(files, 'pack/manifest.json').replace('apply', 'bpply') }),
      'pack.content',
    ],
    ['the plan', (files) => ({ 'plan.json': text(files, 'plan.json').replace('nginx', 'ngina') }), 'plan.hash'],
    [
      'the profile',
      (files) => ({ 'profile.json': text(files, 'profile.json').replace('"maxParallel":3', '"maxParallel":4') }),
      'profile.digest',
    ],
    [
      'the environment',
      (files) => ({ 'environment.json': text(files, 'environment.json').replace('none/v1', 'nine/v1') }),
      'profile.digest',
    ],
    [
      'the inputs',
      (files) => ({ 'inputs.lock.json': text(files, 'inputs.lock.json').replace('nginx', 'ngina') }),
      'inputs.digest',
    ],
    [
      'a page',
      (files) => ({ 'journal.ndjson': text(files, 'journal.ndjson').replace('"fence":1', '"fence":2') }),
      'journal.chain',
    ],
    [
      'a cut journal',
      (files) => ({ 'journal.ndjson': text(files, 'journal.ndjson').split('\n').slice(0, -2).join('\n') + '\n' }),
      'journal.replay',
    ],
    [
      'a value beside the journal',
      (files) => ({ 'journal.ndjson': text(files, 'journal.ndjson').replace('"hits":["CVE-1"', '"hits":["CVE-3"') }),
      'journal.chain',
    ],
    [
      'a log line',
      (files) => ({ 'logs/000001.log': text(files, 'logs/000001.log').replace('hello', 'hallo') }),
      'logs.digest',
    ],
    [
      'a longer log',
      (files) => ({ 'logs/000001.log': `${text(files, 'logs/000001.log')}iand so on\n` }),
      'logs.digest',
    ],
    ['a missing log', () => ({ 'logs/000002.log': null }), 'logs.digest'],
    ['a log of nobody', () => ({ 'logs/000009.log': 'ihello\n' }), 'logs.digest'],
    [
      'what was shown',
      (files) => ({ [show(files)]: text(files, show(files)).replace('CVE-1', 'CVE-3') }),
      'gates.requests',
    ],
    ['a missing decision', () => ({ 'decisions/2.json': null }), 'decisions.signature'],
    ['a policy', () => ({ 'policies/few.cel': 'true' }), 'policies'],
    ['a policy of nobody', () => ({ 'policies/other.cel': 'true' }), 'policies'],
    [
      'an attempt',
      (files) => ({ 'egress.ndjson': text(files, 'egress.ndjson').replace('mirror', 'mirrir') }),
      'egress.within',
    ],
    [
      'the index',
      (files) => ({ 'artifacts.json': text(files, 'artifacts.json').replace('report.json', 'repart.json') }),
      'artifacts.index',
    ],
    ['an artifact', (files) => ({ [artifact(files)]: '{}' }), 'artifacts.bytes'],
    ['an artifact of nobody', () => ({ [`artifacts/${sha256('x').slice(7)}`]: 'x' }), 'artifacts.bytes'],
    [
      'the steps',
      (files) => ({ 'steps.ndjson': text(files, 'steps.ndjson').replace('succeeded', 'skipped') }),
      'statement.agrees',
    ],
    ['no statement', () => ({ 'attestations/pack-run.sigstore.json': null }), 'statement.shape'],
  ];

  it.each(cases)('%s', (_what, changes, name) => {
    expect(failing(verified(forged(changes(bundle))))).toContain(name);
  });

  function text(files: ReadonlyMap<string, Uint8Array>, path: string): string {
    return Buffer.from(files.get(path) ?? []).toString();
  }
  const show = (files: ReadonlyMap<string, Uint8Array>): string =>
    [...files.keys()].find((path) => path.endsWith('.show.json')) ?? '';
  const artifact = (files: ReadonlyMap<string, Uint8Array>): string =>
    [...files.keys()].find((path) => path.startsWith('artifacts/')) ?? '';
});

describe('what run and bundle key cannot forge', () => {
  it('a journal in which the effect comes before the gate', () => {
    const files = forgedRun((evidence) => ({
      ...evidence,
      pages: retold(evidence.pages, (entries) => {
        const start = entries.find(
          ({ event }) => event.type === 'step.started' && String(event.step).startsWith('rollout'),
        ) as Unnumbered;
        const opened = entries.findIndex(({ event }) => event.type === 'gate.opened');
        const at = entries[opened]?.at ?? 0;
        return [
          ...entries.slice(0, opened + 1),
          { ...start, at },
          ...entries.slice(opened + 1).filter((entry) => entry !== start),
        ];
      }),
    }));
    expect(failing(verified(files))).toEqual(expect.arrayContaining(['journal.replay', 'effects.gated']));
  });

  it('a beginning without a claim', () => {
    const files = forgedRun((evidence) => ({
      ...evidence,
      pages: retold(evidence.pages, (entries) => entries.slice(1)),
    }));
    expect(failing(verified(files))).toEqual(expect.arrayContaining(['journal.chain', 'journal.replay']));
  });

  it('a result other than the one that was read at the gate', () => {
    const files = forgedRun((evidence) => ({
      ...evidence,
      pages: retold(evidence.pages, (entries) =>
        entries.map((entry) => {
          if (entry.event.type !== 'step.ended' || entry.event.step !== 'scan') return entry;
          return {
            ...entry,
            event: { ...entry.event, outputs: { kind: 'value', digest: digestOf('other'), size: 5 } },
          } as Unnumbered;
        }),
      ),
    }));
    expect(failing(verified(files))).toEqual(expect.arrayContaining(['journal.replay', 'gates.requests']));
  });

  it('an approval that nobody signed', () => {
    const files = forgedRun((evidence) => ({ ...evidence, decisions: evidence.decisions.slice(1) }));
    expect(failing(verified(files))).toContain('decisions.signature');
  });

  it('a decision that its own key signed', () => {
    const files = forgedRun((evidence) => ({
      ...evidence,
      decisions: evidence.decisions.map((envelope) =>
        signed(sample.keys.run, PAYLOAD_TYPE.decision, Buffer.from(envelope.payload, 'base64')),
      ),
    }));
    expect(failing(verified(files))).toEqual(expect.arrayContaining(['decisions.signature', 'trust.keys']));
  });

  it('another admission', () => {
    const files = forgedRun((evidence) => {
      const record = JSON.parse(Buffer.from(evidence.admission.payload, 'base64').toString()) as object;
      return {
        ...evidence,
        admission: signed(sample.keys.run, PAYLOAD_TYPE.admission, { ...record, tenant: 'other' }),
      };
    });
    expect(failing(verified(files))).toEqual(expect.arrayContaining(['admission.signature']));
  });

  it.each<[string, Partial<Statement<object>>, CheckName]>([
    ['_type', { _type: 'https://in-toto.io/Statement/v0.1' as never }, 'statement.shape'],
    ['predicate type', { predicateType: 'https://slsa.dev/provenance/v1' }, 'statement.shape'],
    ['no subject', { subject: [] }, 'statement.shape'],
    [
      'upper-case digest',
      { subject: [{ name: 'artifacts.json', digest: { sha256: 'A'.repeat(64) } }] },
      'statement.shape',
    ],
    ['short digest', { subject: [{ name: 'artifacts.json', digest: { sha256: 'ab' } }] }, 'statement.shape'],
    ['no sha256', { subject: [{ name: 'artifacts.json', digest: { sha1: 'ab' } as never }] }, 'statement.shape'],
    ['another first subject', { subject: [{ name: 'other', digest: { sha256: 'a'.repeat(64) } }] }, 'statement.shape'],
    [
      'another digest',
      { subject: [{ name: 'artifacts.json', digest: { sha256: 'a'.repeat(64) } }] },
      'statement.agrees',
    ],
  ])('a statement with %s', (_what, change, name) => {
    const files = sealBundle(sample, { statement: (honest) => ({ ...honest, ...change }) });
    expect(failing(verified(files))).toContain(name);
  });

  it('any member of the predicate', () => {
    const { predicate } = buildStatement(readEvidence(sample.evidence));
    const free = new Set(['builder', 'audit']);
    for (const member of Object.keys(predicate)) {
      if (free.has(member)) continue;
      // Statements of earlier versions do not name what the bundle carries: see `manifest.complete`.
      const absence = member === 'carried' ? [] : [{ [member]: undefined }];
      for (const predicateChange of [...absence, { [member]: 'other' }]) {
        const files = sealBundle(sample, {
          statement: (honest) =>
            JSON.parse(
              JSON.stringify({ ...honest, predicate: { ...honest.predicate, ...predicateChange } }),
            ) as Statement<object>,
        });
        expect(failing(verified(files))).toContain('statement.agrees');
      }
    }
  });

  it('warns of unknown members of the predicate and goes on', () => {
    const files = sealBundle(sample, {
      statement: (honest) => ({ ...honest, predicate: { ...honest.predicate, later: 1 } }),
    });
    const verification = verified(files);
    expect(failing(verification)).toEqual([]);
    expect(verification.checks.find(({ name }) => name === 'statement.shape')?.detail).toContain('later');
  });

  it('provenance with a parameter more, or of a failed run', async () => {
    const more = (honest: Statement<object>): Statement<object> => {
      const predicate = JSON.parse(JSON.stringify(honest.predicate)) as {
        buildDefinition: { externalParameters: object };
      };
      Object.assign(predicate.buildDefinition.externalParameters, { extra: 1 });
      return { ...honest, predicate };
    };
    expect(failing(verified(sealBundle(sample, { provenance: more })))).toEqual(['provenance.agrees']);
    const failed = await sampleRun({ fails: true });
    const file = sigstoreFile(
      signedStatement(failed.keys.run, buildStatement(readEvidence(failed.evidence))).envelope,
      failed.keys.run.trusted.keyid,
    );
    const files = forged({ 'attestations/slsa.sigstore.json': file }, failed);
    expect(failing(verified(files, { trust: failed.trust }))).toEqual(['provenance.agrees']);
  });
});

describe('who may sign', () => {
  it('refuses each usage in the place of each other', () => {
    const names = ['admission', 'ledger', 'run', 'bundle'] as const;
    const affected = {
      admission: 'admission.signature',
      ledger: 'decisions.signature',
      run: 'statement.shape',
      bundle: 'manifest.signature',
    } as const;
    for (const place of names) {
      for (const other of names) {
        if (place === other) continue;
        const usages = { [place]: sample.keys[other].trusted.usages };
        const keys = names.map((name) => ({
          ...sample.keys[name].trusted,
          usages: usages[name] ?? sample.keys[name].trusted.usages,
        }));
        expect(failing(verified(bundle, { trust: { ...sample.trust, keys } }))).toContain(affected[place]);
      }
    }
  });

  const trustCases: readonly [string, object, readonly CheckName[]][] = [
    ['another builder', { builders: ['https://stellaops.io/taskrunner/builders/sealed/v1'] }, ['trust.keys']],
    ['another tenant', { tenants: ['other'] }, ['trust.keys']],
    ['its own tenant', { tenants: ['acme'] }, []],
    [
      'a span that is over',
      { validFor: { start: '2024-01-01T00:00:00Z', end: '2025-06-01T00:00:00Z' } },
      ['trust.keys'],
    ],
    [
      'a span that is to come',
      { validFor: { start: '2026-06-01T00:00:00Z', end: '2027-06-01T00:00:00Z' } },
      ['trust.keys'],
    ],
    ['compromise, even later', { revoked: { at: '2026-06-01T00:00:00Z', reason: 'compromised' } }, ['trust.keys']],
    ['retirement later', { revoked: { at: '2026-06-01T00:00:00Z', reason: 'retired' } }, []],
    ['retirement before', { revoked: { at: '2025-12-01T00:00:00Z', reason: 'retired' } }, ['trust.keys']],
  ];
  it.each(trustCases)('a run key with %s', (_what, change, names) => {
    const keys = sample.trust.keys.map((key) => (key.usages.includes('run-open') ? { ...key, ...change } : key));
    expect(failing(verified(bundle, { trust: { ...sample.trust, keys } }))).toEqual(names);
  });

  const requireCases: readonly [string, Partial<VerifyRequest['trust']['require']>, readonly CheckName[]][] = [
    ['sealed mode', { mode: 'sealed' }, ['expectation']],
    ['token proofs', { proof: 'token' }, ['decisions.proof']],
    ['timestamps', { time: 'timestamp' }, ['time.basis']],
    ['checkpoints', { checkpoints: true }, ['checkpoints']],
    ['two approvals', { minApprovals: 2 }, []],
    ['three approvals', { minApprovals: 3 }, ['decisions.people']],
    ['a signed pack', { packSigners: 1 }, ['pack.signers']],
    ['another build', { builds: [sha256('build')] }, ['expectation']],
    ['this build', { builds: [digestOf('zero')] }, []],
    ['two run signatures', { signatures: { run: 2 } }, ['trust.keys']],
  ];
  it.each(requireCases)('a trust file that requires %s', (_what, require, names) => {
    const trust = { ...sample.trust, require: { ...sample.trust.require, ...require } };
    expect(failing(verified(bundle, { trust }))).toEqual(names);
  });

  it('takes a threshold of run keys, counted by key', () => {
    const second = aKey('run-open');
    const statement = buildStatement(readEvidence(sample.evidence));
    const withSecond = (key: typeof second): Map<string, Uint8Array> =>
      forged({
        'attestations/pack-run.2.sigstore.json': sigstoreFile(
          signedStatement(key, statement).envelope,
          key.trusted.keyid,
        ),
      });
    const trust = trustOf([...Object.values(sample.keys), second], { signatures: { run: 2 } });
    expect(failing(verified(withSecond(second), { trust }))).toEqual([]);
    expect(failing(verified(withSecond(sample.keys.run), { trust }))).toEqual(['trust.keys']);
  });

  it('refuses an old, an expired and a future trust file', () => {
    expect(failing(verified(bundle, { seenSerial: 4 }))).toEqual(['trust.current']);
    expect(failing(verified(bundle, { now: Date.UTC(2028, 0) }))).toEqual(['trust.current']);
    expect(failing(verified(bundle, { now: Date.UTC(2024, 0) }))).toEqual(['trust.current']);
    expect(failing(verified(bundle, { now: Date.UTC(2026, 6), seenSerial: 3 }))).toEqual([]);
  });

  it('takes evidence made under the development Authority only if told to', () => {
    const builder = 'https://stellaops.io/taskrunner/builders/dev/v1';
    const files = sealBundle({
      ...sample,
      evidence: { ...sample.evidence, asserted: { ...sample.evidence.asserted, builder } },
    });
    const keys = sample.trust.keys.map((key) => ({ ...key, builders: [builder] }));
    expect(failing(verified(files, { trust: { ...sample.trust, keys } }))).toEqual(['trust.keys']);
    expect(failing(verified(files, { trust: { ...sample.trust, keys }, allowDev: true }))).toEqual([]);
  });

  it('refuses a sealed builder of an open run', () => {
    const builder = 'https://stellaops.io/taskrunner/builders/sealed/v1';
    const files = sealBundle({
      ...sample,
      evidence: { ...sample.evidence, asserted: { ...sample.evidence.asserted, builder } },
    });
    const keys = sample.trust.keys.map((key) => ({ ...key, builders: [builder] }));
    expect(failing(verified(files, { trust: { ...sample.trust, keys } }))).toEqual(['statement.agrees']);
  });
});

describe('what is expected', () => {
  const run = (): string => verified(bundle).run ?? '';
  it('compares what is given', () => {
    const plan = sha256(sample.evidence.plan);
    const artifact = [...sample.evidence.artifacts.keys()][0] as Digest;
    const verification = verified(bundle, {
      expect: { run: run(), plan, pack: 'sample:1.2.3', artifact, tenant: 'acme', mode: 'open' },
    });
    expect(failing(verification)).toEqual([]);
    expect(verification.summary).toMatch(/as you expected$/);
  });

  it.each<[string, NonNullable<VerifyRequest['expect']>]>([
    ['run', { run: 'run_01j0000000e008000000000009' }],
    ['plan', { plan: sha256('x') }],
    ['pack', { pack: 'other' }],
    ['artifact', { artifact: sha256('x') }],
    ['tenant', { tenant: 'other' }],
    ['mode', { mode: 'sealed' }],
  ])('refuses another %s', (_what, expect_) => {
    expect(failing(verified(bundle, { expect: expect_ }))).toEqual(['expectation']);
  });

  it('holds checkpoints against the place that the statement names', () => {
    const key = aKey('checkpoint');
    const trust = trustOf([...Object.values(sample.keys), key], { checkpoints: true });
    const checkpoint = (count: number, head: Json): ReturnType<typeof signed> =>
      signed(key, PAYLOAD_TYPE.checkpoint, {
        schema: 'taskrunner.checkpoint.v1',
        tenant: 'acme',
        count,
        head: digestOf(head),
        at: '2026-01-02T00:00:00.000Z',
      });
    expect(failing(verified(bundle, { trust, checkpoints: [checkpoint(42, 'audit'), checkpoint(50, 'x')] }))).toEqual(
      [],
    );
    expect(failing(verified(bundle, { trust, checkpoints: [checkpoint(42, 'other')] }))).toEqual(['checkpoints']);
    expect(failing(verified(bundle, { trust, checkpoints: [checkpoint(41, 'x')] }))).toEqual(['checkpoints']);
  });
});

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
    const withheld = withholdSecrets(sample.evidence, holdsSecret);
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
    for (const path of [...bundle.keys()].filter(
      (one) => /^(logs|artifacts)\/|show\.json$/.test(one) || one === packFile,
    )) {
      const notice = canonical({ ...noticeOf(path, bundle.get(path) ?? new Uint8Array()), withheld: 'secret' });
      const content = path === packFile ? ['pack.content'] : [];
      expect(failing(verified(forged({ [path]: notice })))).toEqual([...content, 'statement.agrees', 'exceptions']);
    }
  });

  it('leaves out a decision that holds a secret and that the journal did not take; one that it took stays', () => {
    const holds = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes('hunter2-hunter2');
    const [taken] = sample.evidence.decisions;
    const record = JSON.parse(Buffer.from(decodeEnvelope(taken as Envelope).payload).toString()) as Json;
    const typed = { ...(record as object), decisionId: 'dec_typed', response: { note: 'it is hunter2-hunter2' } };
    const withSecret = signed(sample.keys.ledger, PAYLOAD_TYPE.decision, typed);
    const evidence = { ...sample.evidence, decisions: [...sample.evidence.decisions, withSecret] };
    const left = withoutUntakenSecrets(evidence, readEvidence(evidence).facts, holds);
    expect(left.decisions).toEqual(sample.evidence.decisions);
    expect(failing(verified(forgedRun(() => left)))).toEqual([]);
    expect(withoutUntakenSecrets(sample.evidence, readEvidence(sample.evidence).facts, () => true)).toEqual(
      sample.evidence,
    );
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
      at: sample.evidence.pages[0]?.entries[0]?.at ?? 0,
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
  const release = (change: Partial<ReleaseRecord> = {}, key = sample.keys.ledger): Envelope => {
    const { runId, tenant } = readEvidence(sample.evidence).admission.record;
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
    const files = releasedAs([FILE], [release({}, sample.keys.run)]);
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

describe('hostile bundles', () => {
  it('are answered, never thrown at, whatever stands in their files', () => {
    const junk = ['', 'null', '[]', '{}', '0', '"x"', '{"schema":null}', '[[]]\n', '{"a":{}}\n', '\u0000'];
    // In every change each case tests a few files, and each text is tested in some of the files.
    const every = searched(5, 1);
    for (const [place, path] of [...bundle.keys()].entries()) {
      for (const text of junk.filter((_, index) => (index + place) % every === 0)) {
        const own = path === MANIFEST || path === MANIFEST_ATTESTATION;
        const verification = verified(own ? new Map(bundle).set(path, Buffer.from(text)) : forged({ [path]: text }));
        if (verification.ok) throw new Error(`${path} as ${text} goes unnoticed`);
        expect(verification.checks).toHaveLength(CHECK_NAMES.length);
      }
    }
  });
});

describe('egress', () => {
  type Attempt = Parameters<typeof writeEgressLog>[1][number];
  const honest: Attempt = {
    n: 1,
    ms: 3,
    via: 'connect',
    host: 'mirror.test',
    port: 443,
    sni: 'mirror.test',
    address: '93.184.216.34',
    sent: 517,
    received: 4_096,
    allowed: true,
    code: 'EGRESS_ALLOWED',
  };
  const rules = [{ scheme: 'https' as const, host: 'mirror.test', port: 443 }];

  /** The check of one socket of `scan` with this log, whose digest the journal contains. */
  function answered(attempts: readonly Attempt[], under = rules, counted: readonly [number, number] | null = null) {
    const opened = openSession({ files: bundle, trust: sample.trust, verifySignature });
    const documents = opened.documents();
    const log = writeEgressLog(under, attempts);
    const [first] = documents.facts.egress;
    if (!first) throw new Error('no socket in the sample');
    const allowed = counted?.[0] ?? attempts.filter((attempt) => attempt.allowed).length;
    const denied = counted?.[1] ?? attempts.length - allowed;
    const facts = { ...documents.facts, egress: [{ ...first, step: 'scan' as StepId, allowed, denied, log: sha256(log) }] };
    const restated = { ...documents, facts, evidence: { ...documents.evidence, egress: new Map([[sha256(log), log]]) } };
    const files = new Map([...bundle, ['egress.ndjson', Buffer.from(egressNdjson(restated))] as const]);
    const { ok, detail } = answer('egress.within', egressWithin, { ...opened, request: { ...opened.request, files }, documents: () => restated });
    return [ok, detail] as const;
  } // prettier-ignore

  it.each<[string, Partial<Attempt>, boolean]>([
    ['to a listed host', {}, true],
    ['that was denied', { allowed: false, host: 'evil.test', sni: null, address: null, sent: 0, code: 'EGRESS_NOT_LISTED' }, true],
    ['that nobody answered', { sent: 0, received: 0, code: 'EGRESS_UNREACHABLE' }, true],
    ['to another host', { host: 'evil.test', sni: 'evil.test' }, false],
    ['to another port', { port: 22 }, false],
    ['in plain HTTP', { via: 'http', sni: null }, false],
    ['under another name', { sni: 'evil.test' }, false],
    ['under no name', { sni: null }, false],
    ['at a private address', { address: '10.0.0.1' }, false],
    ['at no address', { address: null }, false],
    ['that was denied and yet sent', { allowed: false, code: 'EGRESS_NOT_LISTED' }, false],
    ['to nowhere', { host: null }, false],
  ])('an attempt %s', (_, change, ok) => expect(answered([{ ...honest, ...change }])[0]).toBe(ok)); // prettier-ignore

  it('is under the rules of plan and profile, and counted as the journal says', () => {
    expect(answered([honest, { ...honest, n: 2 }])).toEqual([true, '1 sockets']);
    expect(answered([honest], [{ scheme: 'https', host: '*.test', port: 443 }])[0]).toBe(false);
    expect(answered([honest], [])[0]).toBe(false);
    expect(answered([honest], rules, [1, 1])[0]).toBe(false);
    expect(answered([honest], rules, [0, 1])[0]).toBe(false);
  });
});
