import { sampleRun } from '../../../testing/sample-evidence';
import { sealBundle, signed, type Sample } from '../../../testing/sample-signing';
import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { Actor } from '../../foundation/principal';
import { chain } from '../../journal/chain';
import type { Page, Unnumbered } from '../../journal/page';
import type { Check } from './check/check';
import { laxness } from './check/gate-bounds';
import { PAYLOAD_TYPE, type DecisionRecord } from '../records/documents';
import { readEvidence } from '../records/evidence-documents';
import { gateRecords } from '../records/gate-records';
import { ledgerRecordOf } from '../records/ledger-record';
import { payloadOf } from '../records/read-documents';
import { verifySignature } from '../encoding/signature';
import type { TrustedIssuer, TrustFile } from '../encoding/trust';
import { verifyRun } from './verify-run';

const ISS = 'https://issuer.test';
const acting = (sub: string): Actor => ({ iss: ISS, sub, kind: 'person' });
const program = (sub: string, iss = ISS): Actor => ({ iss, sub, kind: 'client' });
const people: TrustedIssuer = { iss: ISS, kind: 'people', population: 'acme', audience: 'a', jwks: [] };

let plain: Sample;
let reported: Sample;
beforeAll(async () => {
  plain = await sampleRun();
  const actors = [[program('bot'), acting('mary')], []];
  reported = await sampleRun({
    actors: [{ iss: ISS, sub: 'bot' }],
    decision: (person) => ({ actors: actors[person] ?? [] }),
  });
});

function checksOf(sample: Sample, trust: Partial<TrustFile> = {}): readonly Check[] {
  return verifyRun({ files: sealBundle(sample), trust: { ...sample.trust, ...trust }, verifySignature }).checks;
}

/**
 * Findings of `answers` are ignored (the outputs of a gate name its decisions by their records): the holder of the keys would change these
 * too.
 */
function failing(sample: Sample, trust: Partial<TrustFile> = {}): readonly string[] {
  const aside = ['answers', 'policies'];
  return checksOf(sample, trust).flatMap(({ name, ok }) => (ok || aside.includes(name) ? [] : [name]));
}

/** The sample as a holder of the keys of ledger, run and bundle could alter it: its first decision is different. */
function retold(sample: Sample, change: Partial<DecisionRecord>, journaled = change): Sample {
  const { evidence, keys } = sample;
  const [first, ...others] = evidence.decisions.map((sealed) => {
    const { record } = [...readEvidence({ ...evidence, decisions: [sealed] }).decisions.values()][0] ?? fail();
    return { record, sealed };
  });
  if (!first) return fail();
  const record = { ...first.record, ...change };
  const [was, is] = [first.record, record].map((one) => sha256(payloadOf(one))) as [Digest, Digest];
  const entries = evidence.pages
    .flatMap((page) => page.entries)
    .map(({ seq: _seq, ...entry }): Unnumbered =>
      entry.event.type === 'gate.decided' && entry.event.record === was
        ? ({
            ...entry,
            event: { ...entry.event, record: is, decision: { ...entry.event.decision, ...journaled } },
          } as Unnumbered)
        : entry,
    );
  const values = Object.assign({}, ...evidence.pages.map((page) => page.values)) as Page['values'];
  const { page } = chain({ seq: 0, hash: evidence.pages[0]?.prev as Digest }, entries, values);
  const decisions = [signed(keys.ledger, PAYLOAD_TYPE.decision, record), ...others.map(({ sealed }) => sealed)];
  return { ...sample, evidence: { ...evidence, pages: [page], decisions } };
}

function fail(): never {
  throw new TypeError('no such decision');
}

describe('actors in evidence', () => {
  it('hold where each is a person, or a program that the gate request names', () => {
    expect(failing(reported)).toEqual([]);
    expect(failing(reported, { issuers: [people] })).toEqual([]);
    const answer = checksOf(reported, { issuers: [people] }).find(({ name }) => name === 'decisions.people');
    expect(answer).toMatchObject({ basis: 'recomputed', detail: '2 decisions, 1 of them through actors' });
  });

  it('stand in the statement where the record has them, and nowhere else', () => {
    const [gate] = gateRecords(readEvidence(reported.evidence));
    expect(gate?.decisions.map(({ actors }) => actors)).toEqual([[program('bot'), acting('mary')], []]);
    const [before] = gateRecords(readEvidence(plain.evidence));
    expect(before?.decisions.map((decision) => 'actors' in decision)).toEqual([false, false]);
  });

  it('that are not recorded are counted, and the answer is that of the signer alone', () => {
    const trust = { issuers: [people] };
    expect(failing(plain, trust)).toEqual([]);
    expect(checksOf(plain, trust).find(({ name }) => name === 'decisions.people')).toMatchObject({
      basis: 'signed',
      detail: '2 decisions, 2 of them without recorded actors',
    });
  });

  it.each<[string, Partial<DecisionRecord>]>([
    ['an initiator', { actors: [acting('ada')] }],
    ['an initiator behind another', { actors: [acting('mary'), program('ada')] }],
    ['a program', { actors: [program('bot')] }],
    ['a person who approved too', { actors: [acting('linus')] }],
  ])('do not hold with %s among them', (_who, change) => {
    expect(failing(retold(plain, change))).toContain('decisions.people');
  });

  it('do not hold where another program acts than is configured, or one decides', () => {
    expect(failing(retold(reported, { actors: [program('bot', 'https://other.test')] }))).toContain('decisions.people');
    expect(failing(retold(reported, { actors: [{ ...program('bot'), kind: 'person' }] }))).toContain(
      'decisions.people',
    );
    expect(failing(retold(reported, { person: { iss: ISS, sub: 'bot' }, actors: [] }))).toContain('decisions.people');
  });

  it('do not hold where a person comes from an issuer that does not issue tokens to people', () => {
    const stranger = retold(reported, { actors: [{ iss: 'https://other.test', sub: 'mary', kind: 'person' }] });
    expect(failing(stranger)).toEqual([]);
    expect(failing(stranger, { issuers: [people] })).toEqual(['decisions.people']);
    const machines: TrustedIssuer = { ...people, iss: 'https://other.test', kind: 'clients' };
    expect(failing(stranger, { issuers: [people, machines] })).toEqual(['decisions.people']);
  });

  it('are those of the journal', () => {
    expect(failing(retold(reported, { actors: [] }, {}))).toContain('decisions.people');
    expect(failing(retold(plain, { actors: [acting('mary')] }, {}))).toContain('decisions.people');
  });

  it('of a gate request are no more than the environment allows', () => {
    const of = (sample: Sample) => readEvidence(sample.evidence);
    const [entry] = [...of(reported).gates.values()];
    if (!entry) return fail();
    const { approval } = entry.request.requirement;
    expect(laxness(of(reported), entry.request, approval)).toBeNull();
    expect(laxness(of(plain), entry.request, approval)).toBe('more actors');
  });

  it('stand in the published ledger record', () => {
    const records = [...readEvidence(reported.evidence).decisions.values()].map(({ record }) => ledgerRecordOf(record));
    expect(records.map((record) => record?.approver.summary)).toEqual([
      `through ${ISS}|bot (program), ${ISS}|mary`,
      undefined,
    ]);
  });

  it('who initiated the run open no gate, whoever signed the decision', async () => {
    const refused = await sampleRun({ decision: (person) => (person === 0 ? { actors: [acting('ada')] } : {}) });
    const events = refused.evidence.pages.flatMap(({ entries }) => entries.map(({ event }) => event));
    expect(events).toContainEqual(expect.objectContaining({ type: 'given.ignored', code: 'GATE_SELF_APPROVAL' }));
    expect(events.filter(({ type }) => type === 'gate.ended')).toEqual([]);
  });
});
