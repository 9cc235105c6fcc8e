import { searched } from '../../../testing/runs-of-laws';
import { failing, retold, SampleBundle } from '../../../testing/sample-bundle';
import { sampleRun, type SampleOptions } from '../../../testing/sample-evidence';
import { sealBundle, type Sample } from '../../../testing/sample-signing';
import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import { writeEgressLog } from '../../egress/egress-log';
import type { StepId } from '../../foundation/ids';
import type { Unnumbered } from '../../journal/page';
import type { Fact } from '../../run/run-event';
import { MANIFEST, MANIFEST_ATTESTATION } from '../bundle/bundle-files';
import { verifySignature } from '../encoding/signature';
import { readEvidence } from '../records/evidence-documents';
import { stepRecords } from '../records/step-records';
import { egressNdjson } from '../statement/derived-files';
import { buildStatement } from '../statement/statement';
import { answer, CHECK_NAMES } from './check/check';
import { manifestComplete, manifestSignature } from './check/check-archive';
import { egressWithin } from './check/check-egress-log';
import { openSession } from './check/verification-session';
import { verifyRun } from './verify-run';

const signedRun = new SampleBundle();
const { forged, verified } = signedRun;
beforeAll(() => signedRun.start());

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
    expect(check(restateOf((event) => ({ ...event, machine: 1 })))).toEqual(['journal.replay']);
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
    const verification = verified(signedRun.bundle);
    expect(failing(verification)).toEqual([]);
    expect(verification.checks.map(({ name }) => name)).toEqual(CHECK_NAMES);
    const [gate] = readEvidence(signedRun.sample.evidence).gates.values();
    expect(Object.keys(gate?.request.reads ?? {})).toEqual(['scan']);
    expect(verification).toMatchObject({ ok: true, planHash: sha256(signedRun.sample.evidence.plan) });
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
    expect([...sealBundle(signedRun.sample)]).toEqual([...signedRun.bundle]);
  });

  it('notices a flipped byte of any file, and of manifest and its attestation wherever it is', () => {
    for (const [path, bytes] of signedRun.bundle) {
      const whole = path === MANIFEST || path === MANIFEST_ATTESTATION;
      // In every change every fifth byte, so that all bits and all places of a base64 group occur.
      const step = whole ? searched(5, 1) : Math.max(1, Math.floor(bytes.length / 8));
      for (let place = 0; place < bytes.length; place += step) {
        const flipped = Uint8Array.from(bytes);
        flipped[place] = (flipped[place] ?? 0) ^ (1 << (place % 7));
        const flippedCase = openSession({
          files: new Map(signedRun.bundle).set(path, flipped),
          trust: signedRun.sample.trust,
          verifySignature,
        });
        const checks = [answer('manifest.signature', manifestSignature, flippedCase)];
        if (!whole) checks.push(answer('manifest.complete', manifestComplete, flippedCase));
        if (checks.every(({ ok }) => ok)) throw new Error(`${path} at ${place} goes unnoticed`);
      }
    }
  });

  it('notices a missing and an extra file, and one with no place in a bundle', () => {
    for (const path of signedRun.bundle.keys()) {
      const files = new Map(signedRun.bundle);
      files.delete(path);
      expect(verified(files).ok).toBe(false);
    }
    expect(failing(verified(new Map(signedRun.bundle).set('pack/files/extra', Buffer.from('x'))))).toContain(
      'manifest.complete',
    );
    expect(failing(verified(forged({ '../evil': 'x' })))).toEqual(['archive.safe']);
    expect(failing(verified(forged({ 'run.sh': 'x' })))).toEqual(['archive.safe']);
    expect(failing(verified(signedRun.bundle, { archiveFaults: ['a link'] }))).toEqual(['archive.safe']);
  });
});

describe('hostile bundles', () => {
  it('are answered, never thrown at, whatever stands in their files', () => {
    const junk = ['', 'null', '[]', '{}', '0', '"x"', '{"schema":null}', '[[]]\n', '{"a":{}}\n', '\u0000'];
    // In every change each case tests a few files, and each text is tested in some of the files.
    const every = searched(10, 1);
    for (const [place, path] of [...signedRun.bundle.keys()].entries()) {
      for (const text of junk.filter((_, index) => (index + place) % every === 0)) {
        const own = path === MANIFEST || path === MANIFEST_ATTESTATION;
        const verification = verified(
          own ? new Map(signedRun.bundle).set(path, Buffer.from(text)) : forged({ [path]: text }),
        );
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
    const opened = openSession({ files: signedRun.bundle, trust: signedRun.sample.trust, verifySignature });
    const documents = opened.documents();
    const log = writeEgressLog(under, attempts);
    const [first] = documents.facts.egress;
    if (!first) throw new Error('no socket in the sample');
    const allowed = counted?.[0] ?? attempts.filter((attempt) => attempt.allowed).length;
    const denied = counted?.[1] ?? attempts.length - allowed;
    const facts = { ...documents.facts, egress: [{ ...first, step: 'scan' as StepId, allowed, denied, log: sha256(log) }] };
    const restated = { ...documents, facts, evidence: { ...documents.evidence, egress: new Map([[sha256(log), log]]) } };
    const files = new Map([...signedRun.bundle, ['egress.ndjson', Buffer.from(egressNdjson(restated))] as const]);
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
