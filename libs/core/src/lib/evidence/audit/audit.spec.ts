import { digestOf } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import { sampleRun } from '../../../testing/sample-evidence';
import { aKey, sealBundle, signed, trustOf, type Sample } from '../../../testing/sample-signing';
import { readAuditExport, readCheckpointFile, type AuditEntry } from './audit-chain';
import { PAYLOAD_TYPE } from '../records/documents';
import { decodeEnvelope, type Envelope } from '../encoding/envelope';
import { readSigstore } from '../encoding/sigstore';
import { verifySignature } from '../encoding/signature';
import type { TrustFile } from '../encoding/trust';
import { verifyAudit } from './verify-audit';
import { verifyRun, type Verification } from '../verify/verify-run';

/** A chain of these events, beginning after a given entry. */
function chainOf(events: readonly JsonObject[], from: Digest | null = null, first = 1): readonly AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const [i, event] of events.entries()) {
    const body = { at: 1_000 + i, event, prev: entries.at(-1)?.hash ?? from, seq: first + i };
    entries.push({ ...body, hash: digestOf(body) });
  }
  return entries;
}

const key = aKey('checkpoint');
function checkpoint(count: number, head: Digest, tenant = 'acme', by = key): Envelope {
  const at = '2026-01-02T00:00:00.000Z';
  return signed(by, PAYLOAD_TYPE.checkpoint, { schema: 'taskrunner.checkpoint.v1', tenant, count, head, at });
}
const at = (entries: readonly AuditEntry[], seq: number): Digest =>
  entries.find((entry) => entry.seq === seq)?.hash ?? digestOf('nothing');

describe('verifyAudit', () => {
  const trust = trustOf([key]);
  const events = Array.from({ length: 6 }, (_, n) => ({ type: 'gate.decision', n }));
  const chain = chainOf(events);
  const failing = (
    entries: readonly AuditEntry[],
    checkpoints: readonly Envelope[],
    more: { tenant?: string; trust?: TrustFile; now?: number } = {},
  ): readonly string[] =>
    verifyAudit({ entries, checkpoints, trust, verifySignature, ...more })
      .checks.filter(({ ok }) => !ok)
      .map(({ name }) => name);
  const atSix = checkpoint(6, at(chain, 6));

  it('takes a whole export, and says up to where it is covered', () => {
    expect(verifyAudit({ entries: chain, checkpoints: [atSix], trust, verifySignature })).toMatchObject({
      ok: true,
      tenant: 'acme',
      last: 6,
      covered: 6,
    });
    const atFour = checkpoint(4, at(chain, 4));
    expect(verifyAudit({ entries: chain, checkpoints: [atFour], trust, verifySignature })).toMatchObject({
      ok: true,
      covered: 4,
    });
  });

  it('finds what was cut from the end', () => {
    expect(failing(chain.slice(0, 5), [atSix])).toEqual(['audit.complete']);
    expect(failing([], [atSix])).toEqual(['audit.complete']);
    const { checks } = verifyAudit({ entries: chain.slice(0, 5), checkpoints: [atSix], trust, verifySignature });
    expect(checks.at(-1)?.detail).toContain('truncated');
  });

  it('finds what was removed from the middle, also where the rest was hashed anew', () => {
    expect(failing([...chain.slice(0, 2), ...chain.slice(3)], [atSix])).toEqual(['audit.chain', 'audit.complete']);
    const shorter = chainOf(events.filter(({ n }) => n !== 2));
    expect(failing(shorter, [checkpoint(4, at(chain, 4))])).toEqual(['audit.complete']);
    const swapped = chainOf(events.map((event) => (event.n === 2 ? { ...event, n: 9 } : event)));
    expect(failing(swapped, [atSix])).toEqual(['audit.complete']);
    const edited = chain.map((entry) => (entry.seq === 3 ? { ...entry, event: { type: 'other' } } : entry));
    expect(failing(edited, [atSix])).toEqual(['audit.chain']);
    const earlier = chain.map((entry) => (entry.seq === 3 ? { ...entry, at: 1 } : entry));
    expect(failing(earlier, [atSix])).toEqual(['audit.chain']);
  });

  it('finds what is missing at the beginning, unless a checkpoint stands for it', () => {
    const later = chain.slice(2);
    expect(failing(later, [atSix])).toEqual(['audit.complete']);
    expect(failing(later, [checkpoint(2, at(chain, 2)), atSix])).toEqual([]);
    expect(failing(later, [checkpoint(2, digestOf('x')), atSix])).toEqual(['audit.complete']);
  });

  it('finds two chains that were shown to different people', () => {
    expect(failing(chain, [atSix, checkpoint(6, digestOf('x'))])).toEqual(['checkpoints.agree', 'audit.complete']);
  });

  it('believes trusted keys of usage checkpoint alone, of one tenant', () => {
    const other = aKey('ledger');
    const forged = [checkpoint(6, at(chain, 6), 'acme', other)];
    const both = trustOf([key, other]);
    expect(failing(chain, forged, { trust: both })).toEqual(['checkpoints.signature', 'audit.complete']);
    const retired = aKey('checkpoint', 'ed25519', { revoked: { at: '2025-02-01T00:00:00.000Z', reason: 'retired' } });
    const old = [checkpoint(6, at(chain, 6), 'acme', retired)];
    expect(failing(chain, old, { trust: trustOf([retired]) })).toEqual(['checkpoints.signature', 'audit.complete']);
    const two = [atSix, checkpoint(9, digestOf('x'), 'umbrella')];
    expect(failing(chain, two)).toEqual(['checkpoints.signature', 'audit.complete']);
    expect(failing(chain, two, { tenant: 'acme' })).toEqual([]);
    expect(failing(chain, two, { tenant: 'nobody' })).toEqual(['checkpoints.signature', 'audit.complete']);
    expect(failing(chain, [])).toEqual(['checkpoints.signature', 'audit.complete']);
    expect(failing(chain, [{ odd: 1 } as unknown as Envelope])).toContain('checkpoints.signature');
    expect(failing(chain, [atSix], { now: Date.parse('2030-01-01T00:00:00.000Z') })).toEqual(['trust.current']);
  });

  it('fails if the trust file has only keys of development or local installations, unless they are accepted', () => {
    const builders = 'https://stellaops.io/taskrunner/builders';
    const of = (...names: readonly string[]): TrustFile =>
      trustOf([
        aKey('checkpoint', 'ed25519', { builders: [] }),
        ...names.map((name) => aKey('run-open', 'ed25519', { builders: [`${builders}/${name}/v1`] })),
      ]);
    const authority = (file: TrustFile, accepted: { allowDev?: boolean; allowLocal?: boolean } = {}) =>
      verifyAudit({ entries: chain, checkpoints: [atSix], trust: file, verifySignature, ...accepted }).checks[1];
    expect(authority(of('sealed'))).toMatchObject({ ok: true, detail: 'no development or local keys' });
    expect(authority(of())).toMatchObject({ ok: true });
    expect(authority(of('dev'))).toMatchObject({
      ...{ name: 'trust.authority', ok: false },
      detail: 'the trust file has only keys of the development Authority (--allow-dev)',
    });
    expect(authority(of('dev'), { allowLocal: true })).toMatchObject({ ok: false });
    expect(authority(of('dev'), { allowDev: true })).toMatchObject({
      ...{ ok: true, detail: 'DEVELOPMENT KEYS, accepted because of --allow-dev' },
    });
    expect(authority(of('dev', 'local-authority'), { allowDev: true })).toMatchObject({ ok: false });
    expect(authority(of('dev', 'sealed'))).toMatchObject({
      ...{ ok: true, detail: 'the trust file also has keys of the development Authority' },
    });
  });

  it('reads files a line at a time, and says which line is wrong', () => {
    const text = chain.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    expect(readAuditExport(text)).toEqual(chain);
    expect(readAuditExport('')).toEqual([]);
    expect(readCheckpointFile(`${JSON.stringify(atSix)}\n`)).toEqual([atSix]);
    expect(() => readAuditExport(`${text}{"seq":7`)).toThrow('line 7');
    expect(() => readAuditExport(`${text}{"seq":7}\n`)).toThrow('line 7');
  });
});

describe('verifyRun with an export of the audit chain', () => {
  let sample: Sample;
  let bundle: Map<string, Uint8Array>;
  let trust: TrustFile;
  let events: readonly JsonObject[];
  let run: string;
  beforeAll(async () => {
    const made = await sampleRun();
    run = (JSON.parse(new TextDecoder().decode(decodeEnvelope(made.evidence.admission).payload)) as { runId: string })
      .runId;
    const decisions = made.evidence.decisions.map((envelope) => {
      const record = decodeEnvelope(envelope).digest;
      return { type: 'gate.decision', outcome: 'decided', runId: run, record };
    });
    events = [{ type: 'schedule.created' }, ...decisions, { type: 'gate.decision', outcome: 'refused', runId: run }];
    const head = chainOf(events).at(-1)?.hash ?? null;
    const asserted = { ...made.evidence.asserted, audit: { seq: events.length, head } };
    sample = { ...made, evidence: { ...made.evidence, asserted } };
    bundle = sealBundle(sample);
    trust = trustOf([...Object.values(sample.keys), key]);
    events = [...events, sealOf(bundle), { type: 'schedule.removed' }];
  });
  const sealOf = (files: ReadonlyMap<string, Uint8Array>): JsonObject => {
    const { envelope } = readSigstore(files.get('attestations/pack-run.sigstore.json') ?? new Uint8Array());
    return { type: 'run.sealed', runId: run, bundle: digestOf('bundle'), statement: envelope.digest };
  };
  const verified = (audit: readonly AuditEntry[], checkpoints: readonly Envelope[], require = {}): Verification =>
    verifyRun({ files: bundle, trust: { ...trust, require: { ...trust.require, ...require } }, verifySignature, audit, checkpoints }); // prettier-ignore
  const answered = (verification: Verification): readonly [boolean, string, string] => {
    const { ok, basis, detail } = verification.checks.find(({ name }) => name === 'checkpoints') ?? { ok: false, basis: '', detail: '' }; // prettier-ignore
    return [ok, basis, detail];
  };

  it('finds seal and decisions in it, up to a checkpoint', () => {
    const chain = chainOf(events);
    const last = chain.length;
    expect(answered(verified(chain, [checkpoint(last, at(chain, last))]))).toEqual([
      true,
      'recomputed',
      expect.any(String),
    ]);
    expect(verified(chain, [checkpoint(last, at(chain, last))], { checkpoints: true }).ok).toBe(true);
    expect(answered(verified(chain, []))).toEqual([true, 'asserted', expect.stringContaining('no checkpoint')]);
    const before = [checkpoint(last - 2, at(chain, last - 2))];
    expect(answered(verified(chain, before, { checkpoints: true }))[0]).toBe(false);
  });

  it.each<[string, (events: readonly JsonObject[]) => readonly JsonObject[], string]>([
    ['no seal', (all) => all.filter(({ type }) => type !== 'run.sealed'), 'no audit entry seals the run'],
    ['another statement', (all) => all.map((one) => (one['type'] === 'run.sealed' ? { ...one, statement: digestOf('x') } : one)), 'with another statement'],
    ['two seals', (all) => [...all, { type: 'run.sealed', runId: run, statement: digestOf('x') }], 'another statement'],
    ['a decision that the bundle does not have', (all) => [...all, { type: 'gate.decision', outcome: 'decided', runId: run, record: digestOf('rejected') }], 'the bundle does not contain the decision'],
  ])('refuses %s', (_what, change, detail) => {
    expect(answered(verified(chainOf(change(events)), []))).toEqual([false, 'recomputed', expect.stringContaining(detail)]);
  }); // prettier-ignore

  it('refuses a chain without a decision, with another head, broken, or that a checkpoint contradicts', () => {
    const without = chainOf(events.filter((_, i) => i !== 1));
    expect(answered(verified(without, []))[0]).toBe(false);
    const other = chainOf([{ type: 'other' }, ...events.slice(1)]);
    expect(answered(verified(other, []))[2]).toContain('does not have the entry');
    const chain = chainOf(events);
    expect(
      answered(
        verified(
          chain.filter(({ seq }) => seq !== 2),
          [],
        ),
      )[2],
    ).toContain('missing');
    expect(answered(verified(chain, [checkpoint(6, digestOf('x'))]))[2]).toContain(
      'differs from the entry in a checkpoint',
    );
    expect(answered(verified(chain, [checkpoint(99, digestOf('x')), checkpoint(99, digestOf('y'))]))[2]).toContain(
      'two checkpoints',
    );
  });
});
