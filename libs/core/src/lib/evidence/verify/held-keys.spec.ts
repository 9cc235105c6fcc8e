import { failing, retold, SampleBundle } from '../../../testing/sample-bundle';
import { sampleRun } from '../../../testing/sample-evidence';
import { sealBundle, signed, signedStatement } from '../../../testing/sample-signing';
import { digestOf, sha256 } from '../../canonical/digest';
import type { Unnumbered } from '../../journal/page';
import { sigstoreFile } from '../encoding/sigstore';
import { PAYLOAD_TYPE } from '../records/documents';
import { readEvidence } from '../records/evidence-documents';
import { buildStatement, type Statement } from '../statement/statement';
import type { CheckName } from './check/check';

const signedRun = new SampleBundle();
const { forged, forgedRun, verified } = signedRun;
beforeAll(() => signedRun.start());

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
    expect(failing(verified(forged(changes(signedRun.bundle))))).toContain(name);
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
        signed(signedRun.sample.keys.run, PAYLOAD_TYPE.decision, Buffer.from(envelope.payload, 'base64')),
      ),
    }));
    expect(failing(verified(files))).toEqual(expect.arrayContaining(['decisions.signature', 'trust.keys']));
  });

  it('another admission', () => {
    const files = forgedRun((evidence) => {
      const record = JSON.parse(Buffer.from(evidence.admission.payload, 'base64').toString()) as object;
      return {
        ...evidence,
        admission: signed(signedRun.sample.keys.run, PAYLOAD_TYPE.admission, { ...record, tenant: 'other' }),
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
    const files = sealBundle(signedRun.sample, { statement: (honest) => ({ ...honest, ...change }) });
    expect(failing(verified(files))).toContain(name);
  });

  it('any member of the predicate', () => {
    const { predicate } = buildStatement(readEvidence(signedRun.sample.evidence));
    const free = new Set(['builder', 'audit']);
    for (const member of Object.keys(predicate)) {
      if (free.has(member)) continue;
      // Statements of earlier versions do not name what the bundle carries: see `manifest.complete`.
      const absence = member === 'carried' ? [] : [{ [member]: undefined }];
      for (const predicateChange of [...absence, { [member]: 'other' }]) {
        const files = sealBundle(signedRun.sample, {
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
    const files = sealBundle(signedRun.sample, {
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
    expect(failing(verified(sealBundle(signedRun.sample, { provenance: more })))).toEqual(['provenance.agrees']);
    const failed = await sampleRun({ fails: true });
    const file = sigstoreFile(
      signedStatement(failed.keys.run, buildStatement(readEvidence(failed.evidence))).envelope,
      failed.keys.run.trusted.keyid,
    );
    const files = forged({ 'attestations/slsa.sigstore.json': file }, failed);
    expect(failing(verified(files, { trust: failed.trust }))).toEqual(['provenance.agrees']);
  });
});
