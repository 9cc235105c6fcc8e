import { generateKeyPairSync, sign } from 'node:crypto';
import { sampleRun } from '../../../testing/sample-evidence';
import { aKey, sealBundle, signed, type Sample } from '../../../testing/sample-signing';
import { proofObjection } from './check/decision-proof';
import { durationMs } from './check/gate-bounds';
import type { VerifyRequest } from './check/verification-session';
import { PAYLOAD_TYPE, type DecisionRecord } from '../records/documents';
import { readEvidence } from '../records/evidence-documents';
import { ledgerRecordOf } from '../records/ledger-record';
import { verifySignature } from '../encoding/signature';
import type { TrustFile } from '../encoding/trust';
import { verifyRun } from './verify-run';

let sample: Sample;
let record: DecisionRecord;
beforeAll(async () => {
  sample = await sampleRun();
  record = [...readEvidence(sample.evidence).decisions.values()][0]?.record as DecisionRecord;
});

describe('decisions of people', () => {
  it('are counted once each, and only by people issuers where issuers are known', () => {
    const issuer = {
      iss: 'https://issuer.test',
      kind: 'clients' as const,
      population: 'acme',
      audience: 'a',
      jwks: [],
    };
    const trust: TrustFile = { ...sample.trust, issuers: [issuer] };
    const failing = (of: TrustFile): readonly string[] =>
      verifyRun({ files: sealBundle(sample), trust: of, verifySignature })
        .checks.filter(({ ok }) => !ok)
        .map(({ name }) => name);
    expect(failing(trust)).toEqual(['decisions.people']);
    expect(failing({ ...trust, issuers: [{ ...issuer, kind: 'people' }] })).toEqual([]);
  });

  it.each([
    ['that is not later than the one before', 'decisions.time', { decidedAt: '2026-01-01T00:00:02.000Z' }],
    [
      'made before the gate opened',
      'decisions.time',
      { decidedAt: '2026-01-01T00:00:00.500Z', authTime: '2026-01-01T00:00:00.000Z' },
    ],
  ])('refuse one %s', async (_what, name, change) => {
    const other = await sampleRun({ decision: (person) => (person === 1 ? change : {}) });
    const { checks } = verifyRun({ files: sealBundle(other), trust: other.trust, verifySignature });
    expect(checks.filter(({ ok }) => !ok).map((check) => check.name)).toEqual([name]);
  });
});

describe('the proof of a person', () => {
  const request = (): Parameters<typeof proofObjection>[1] =>
    [...readEvidence(sample.evidence).gates.values()][0]?.request as never;
  const asked = (trust: Partial<TrustFile>): VerifyRequest => ({
    files: new Map(),
    trust: { ...sample.trust, ...trust },
    verifySignature,
  });

  it('by key is over exactly this decision', () => {
    const key = aKey('ledger');
    const { gateDigest, decision, reason, response, onBehalfOf, person } = record;
    const intent = { gateDigest, decision, reason, response, onBehalfOf };
    const approvers = [{ ...person, spki: key.trusted.spki }];
    const withKey = (signedIntent: object, by = key): DecisionRecord => ({
      ...record,
      proof: { kind: 'key', envelope: signed(by, PAYLOAD_TYPE.intent, signedIntent) as never },
    });
    expect(proofObjection(asked({ approvers }), request(), withKey(intent))).toBeNull();
    expect(proofObjection(asked({ approvers }), request(), withKey({ ...intent, decision: 'rejected' }))).toBe(
      'the person signed something else',
    );
    expect(() => proofObjection(asked({ approvers }), request(), withKey(intent, aKey('ledger')))).toThrow(
      'no trusted key',
    );
    expect(() =>
      proofObjection(
        asked({ approvers: [{ iss: person.iss, sub: 'other', spki: key.trusted.spki }] }),
        request(),
        withKey(intent),
      ),
    ).toThrow('no trusted key');
  });

  const kinds = [
    ['EdDSA', generateKeyPairSync('ed25519'), null],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }), 'sha256'],
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
  ] as const;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = (): object => {
    const at = Date.parse(record.decidedAt) / 1_000;
    const { person, runId, gate, planHash, gateDigest, decision } = record;
    return {
      iss: person.iss,
      sub: person.sub,
      aud: 'https://tasks.test/approve',
      iat: at - 10,
      exp: at + 200,
      auth_time: Math.floor(Date.parse(record.authTime) / 1_000),
      pack_run_id: runId,
      pack_gate_id: gate,
      pack_plan_hash: planHash,
      pack_gate_digest: gateDigest,
      pack_decision: decision,
    };
  };
  const prove = (
    alg: string,
    pair: (typeof kinds)[number][1],
    hash: string | null,
    body: object,
    header: object = { alg, typ: 'JWT', kid: 'k' },
    of: DecisionRecord = record,
  ): string | null => {
    const text = `${part(header)}.${part(body)}`;
    const signature = sign(hash, Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString(
      'base64url',
    );
    const jwk = {
      ...pair.publicKey.export({ format: 'jwk' }),
      kid: 'k',
      validFor: { start: '2025-01-01T00:00:00Z', end: '2027-01-01T00:00:00Z' },
    };
    const issuer = {
      iss: record.person.iss,
      kind: 'people' as const,
      population: 'acme',
      audience: 'https://tasks.test/approve',
      jwks: [jwk as never],
    };
    return proofObjection(asked({ issuers: [issuer] }), request(), {
      ...of,
      proof: { kind: 'token', jws: `${text}.${signature}` },
    });
  };

  it.each(kinds)('by token holds with %s, and for this decision alone', (alg, pair, hash) => {
    expect(prove(alg, pair, hash, claims())).toBeNull();
    const wrong: readonly object[] = [
      { iss: 'https://other.test' },
      { sub: 'other' },
      { aud: 'other' },
      { exp: 1 },
      { iat: 4_000_000_000 },
      { auth_time: 1 },
      { pack_run_id: 'x' },
      { pack_gate_id: 'x' },
      { pack_plan_hash: 'x' },
      { pack_gate_digest: 'x' },
      { pack_decision: 'rejected' },
      { pack_gate_digest: undefined },
    ];
    for (const change of wrong) expect(prove(alg, pair, hash, { ...claims(), ...change })).not.toBeNull();
    for (const header of [
      { alg: 'none' },
      { alg: 'HS256', kid: 'k' },
      { alg, kid: 'other' },
      { alg, kid: 'k', crit: ['x'] },
    ]) {
      expect(prove(alg, pair, hash, claims(), header)).not.toBeNull();
    }
  });

  it('by token names the actors that the record has', () => {
    const [alg, pair, hash] = kinds[0];
    const bot = { iss: record.person.iss, sub: 'bot', kind: 'client' as const };
    const mary = { iss: 'https://other.test', sub: 'mary', kind: 'person' as const };
    const proveActors = (act: unknown, actors: DecisionRecord['actors']): string | null =>
      prove(alg, pair, hash, { ...claims(), act }, undefined, { ...record, ...(actors && { actors }) });
    const act = { sub: 'bot', act: { iss: mary.iss, sub: 'mary' } };
    expect(proveActors(undefined, [])).toBeNull();
    expect(proveActors(act, [bot, mary])).toBeNull();
    expect(proveActors(act, undefined)).toBeNull();
    for (const other of [[], [bot], [mary, bot], [bot, mary, bot], [bot, { ...mary, iss: bot.iss }]])
      expect(proveActors(act, other)).toBe('the token has other actors');
    expect(proveActors({ sub: '' }, [])).toBe('the token has other actors');
    expect(proveActors(undefined, [bot])).toBe('the token has other actors');
  });

  it('is refused where it is weaker than asked for', () => {
    expect(proofObjection(asked({ require: { ...sample.trust.require, proof: 'key' } }), request(), record)).toMatch(
      'key is required',
    );
    expect(
      proofObjection(asked({}), { ...request(), requirement: { ...request().requirement, proof: 'token' } }, record),
    ).toMatch('the gate required token');
  });
});

describe('durationMs', () => {
  it.each([
    ['PT15M', 900_000],
    ['P1DT1H', 90_000_000],
    ['PT0.5S', 500],
    ['PT900S', 900_000],
    [null, Infinity],
  ])('%s is %d', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
  it.each(['P', 'PT', '15m', 'P1W', 'PT1.2345S', ''])('%j is none', (text) => expect(durationMs(text)).toBeNaN());
});

describe('ledgerRecordOf', () => {
  it('derives the published record', () => {
    const published = ledgerRecordOf({ ...record, reason: 'read' }, 'Grace');
    expect(published).toMatchObject({
      schemaVersion: 'stellaops.pack.approval-ledger.v1',
      gateId: 'approve',
      decision: 'approved',
      approver: { id: 'https://issuer.test|grace', summary: 'Grace' },
      reason: 'read',
      evidence: { requestDigest: record.gateDigest },
    });
    expect(Object.keys(ledgerRecordOf(record) ?? {})).not.toContain('reason');
    expect(ledgerRecordOf({ ...record, decision: 'withdrawn' })).toBeNull();
  });
});
