import { carriedOf } from '../records/carried';
import type { Json } from '../../foundation/json';
import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import { sampleRun } from '../../../testing/sample-evidence';
import type { Sample } from '../../../testing/sample-signing';
import { assertedFile, draftFiles, isStatementOf, verifyDraft } from './draft';
import { statementPayload } from '../bundle/bundle-files';
import { readAssertedJson } from '../bundle/read-bundle';
import { readEvidence } from '../records/evidence-documents';
import { verifySignature } from '../encoding/signature';
import { buildStatement, type PackRunStatement } from '../statement/statement';
import { asJson, type Asserted, type RunEvidence } from '../records/run-evidence';
import { buildSummary } from '../predicates/summary';

let sample: Sample;
beforeAll(async () => void (sample = await sampleRun()));

function draftOf(evidence: RunEvidence = sample.evidence): Map<string, Uint8Array> {
  return new Map(draftFiles(readEvidence(evidence)).map(({ path, bytes }) => [path, bytes]));
}

/** As the Attestor reads it beside the documents. */
function assertedOf(evidence: RunEvidence = sample.evidence): Asserted {
  return readAssertedJson(JSON.parse(assertedFile(readEvidence(evidence))) as Json);
}

function verified(files = draftOf(), asserted = assertedOf()): ReturnType<typeof verifyDraft> {
  return verifyDraft({
    files,
    asserted,
    trust: sample.trust,
    verifySignature,
    now: Date.parse('2026-06-01T00:00:00Z'),
  });
}

describe('a draft', () => {
  it('holds nothing that a step printed or produced, nothing that a gate showed, and only values that questions read', () => {
    const files = draftOf();
    const text = [...files.values()].map((bytes) => new TextDecoder().decode(bytes)).join('\n');
    expect([...files.keys()].filter((path) => /^(logs|artifacts)\/|show/.test(path))).toEqual([]);
    expect(text).not.toContain('hello from');
    // The policy reads what the scan returned; nothing reads the result of the rollout.
    expect(text).toContain('CVE-1');
    expect(text).not.toContain('"done"');
    expect(files.has('plan.json')).toBe(true);
  });

  it('verifies, and gives the very statement that the worker derives', () => {
    const { checks, documents } = verified();
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.length).toBeGreaterThan(20);
    const full = readEvidence(sample.evidence);
    if (!documents) throw new TypeError('no documents');
    expect(statementPayload(buildStatement(documents))).toEqual(statementPayload(buildStatement(full)));
    expect(isStatementOf(full, statementPayload(buildStatement(documents)))).toBe(true);
  });

  it('carries what is asserted beside it', () => {
    expect(assertedOf()).toEqual({ ...sample.evidence.asserted, carried: carriedOf(sample.evidence) });
  });

  it('of a worker that does not say what the bundle carries asserts nothing of it', () => {
    const { builder, audit } = sample.evidence.asserted;
    expect(readAssertedJson({ builder, audit })).toEqual({ builder, audit, carried: null });
  });

  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
  const changed = (path: string, change: (text: string) => string): Map<string, Uint8Array> => {
    const files = draftOf();
    return files.set(path, bytesOf(change(new TextDecoder().decode(files.get(path)))));
  };

  it.each<[string, string, () => Map<string, Uint8Array>]>([
    [
      'journal.chain',
      'a result changed',
      () => changed('journal.ndjson', (text) => text.replace('"succeeded"', '"failed"')),
    ],
    [
      'journal.replay',
      'the end cut off',
      () => changed('journal.ndjson', (text) => text.split('\n').slice(0, -2).join('\n') + '\n'),
    ],
    ['plan.hash', 'another plan', () => changed('plan.json', (text) => text.replace('scan', 'scam'))],
    [
      'artifacts.index',
      'an artifact left out',
      () => changed('artifacts.json', (text) => text.replace('report', 'repost')),
    ],
    ['statement.agrees', 'other steps', () => changed('steps.ndjson', (text) => text.replace('scan', 'scam'))],
    [
      'egress.within',
      'other attempts',
      () => changed('egress.ndjson', (text) => text.replace('mirror.test', 'mirror.tesT')),
    ],
    [
      'decisions.signature',
      'a decision forged',
      () => changed('decisions/1.json', (text) => text.replace(/"sig":"..../, '"sig":"AAAA')),
    ],
    [
      'gates.requests',
      'a gate left out',
      () => {
        const files = draftOf();
        for (const path of [...files.keys()]) if (path.startsWith('gates/')) files.delete(path);
        return files;
      },
    ],
  ])('fails %s: %s', (name, _what, files) => {
    const { checks, documents } = verified(files());
    expect(documents).toBeNull();
    expect(checks.filter(({ ok }) => !ok).map((check) => check.name)).toContain(name);
  });

  it('fails where the builder is of the other mode', () => {
    const builder = 'https://stellaops.io/taskrunner/builders/sealed/v1';
    expect(verified(draftOf(), { ...sample.evidence.asserted, builder }).documents).toBeNull();
  });

  it('is a statement about no other run', async () => {
    const other = readEvidence((await sampleRun({ fails: true })).evidence);
    expect(isStatementOf(other, statementPayload(buildStatement(readEvidence(sample.evidence))))).toBe(false);
  });

  it('may be asserted otherwise by its signer, and be this run still', () => {
    const full = readEvidence(sample.evidence);
    const statement = JSON.parse(canonical(asJson(buildStatement(full)))) as PackRunStatement;
    const later = { ...statement, predicate: { ...statement.predicate, audit: { seq: 43, head: null } } };
    expect(isStatementOf(full, bytesOf(canonical(asJson(later))))).toBe(true);
  });
});

it('a verification summary is made for runs that succeeded only', async () => {
  const verifier = {
    id: 'https://attestor.test',
    at: '2026-06-01T00:00:00.000Z',
    policy: { uri: 'trust:test', digest: sha256('trust') },
  };
  const full = readEvidence(sample.evidence);
  expect(buildSummary(full, sha256('statement'), verifier)?.predicate).toMatchObject({
    verificationResult: 'PASSED',
    inputAttestations: [{ digest: { sha256: sha256('statement').slice(7) } }],
  });
  const failed = readEvidence((await sampleRun({ fails: true })).evidence);
  expect(buildSummary(failed, sha256('statement'), verifier)).toBeNull();
});
