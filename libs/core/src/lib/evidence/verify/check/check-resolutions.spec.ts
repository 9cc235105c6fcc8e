import type { Digest } from '../../../foundation/ids';
import type { ResolutionRecord } from '../../records/documents';
import type { VerificationSession } from './verification-session';
import { resolvedByPeople, signedResolutions } from './check-resolutions';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest;
const record: ResolutionRecord = {
  schema: 'taskrunner.resolution.v1',
  runId: 'run_1',
  tenant: 'acme',
  step: 'pay',
  execution: 2,
  outcome: 'succeeded',
  outputsDigest: digest('0'),
  person: { iss: 'i', sub: 'grace' },
  reason: 'seen',
  authTime: '2026-01-01T00:00:00.000Z',
  decidedAt: '2026-01-01T00:05:00.000Z',
  proof: { kind: 'service' },
};
const input = {
  type: 'attention.resolved',
  step: 'pay',
  execution: 2,
  outcome: 'succeeded',
  outputs: { kind: 'value', digest: digest('0'), size: 2 },
  record: digest('a'),
};

interface Change {
  readonly record?: Partial<ResolutionRecord>;
  readonly supplied?: object;
  readonly opened?: readonly (readonly [Digest, ResolutionRecord])[];
  readonly entries?: readonly object[];
  readonly maxAuthAgeMs?: number;
  readonly programs?: readonly object[];
  readonly issuers?: readonly object[];
}

function aSession(change: Change): VerificationSession {
  const entries = change.entries ?? [
    { seq: 1, at: Date.parse(record.decidedAt), kind: 'given', event: { ...input, ...change.supplied } },
  ];
  const opened = new Map(change.opened ?? [[digest('a'), { ...record, ...change.record }]]);
  const admitted = {
    runId: 'run_1',
    tenant: 'acme',
    acceptedAt: '2026-01-01T00:01:00.000Z',
    initiators: [{ iss: 'i', sub: 'ada', kind: 'person' }],
  };
  return {
    documents: () => ({
      facts: { entries },
      admission: { record: admitted },
      environment: { approvals: { floor: { maxAuthAgeMs: change.maxAuthAgeMs ?? null, actors: change.programs } } },
    }),
    resolutions: () => opened,
    request: { trust: { issuers: change.issuers ?? [] } },
  } as unknown as VerificationSession;
}

describe('resolutions in evidence', () => {
  it('hold where the journal tells what the record says', () => {
    expect([signedResolutions(aSession({})), resolvedByPeople(aSession({}))]).toEqual([1, 1]);
    expect(signedResolutions(aSession({ opened: [], entries: [] }))).toBe(0);
  });

  it('hold through a program that the environment allows', () => {
    const actors = [{ iss: 'i', sub: 'bot', kind: 'client' as const }];
    expect(resolvedByPeople(aSession({ record: { actors }, programs: [{ iss: 'i', sub: 'bot' }] }))).toBe(1);
  });

  it.each<[string, Change]>([
    ['there is no record', { opened: [] }],
    ['the journal does not know the record', { entries: [] }],
    ['it is of another step', { supplied: { step: 'other' } }],
    ['it is of another execution', { supplied: { execution: 1 } }],
    ['it tells another outcome', { supplied: { outcome: 'failed' } }],
    ['it has other outputs', { supplied: { outputs: null } }],
    ['it names another record', { supplied: { record: digest('b') } }],
  ])('do not hold where %s', (_, change) => expect(() => signedResolutions(aSession(change))).toThrow());

  it.each<[string, Change]>([
    ['an initiator of the run', { record: { person: { iss: 'i', sub: 'ada' } } }],
    ['somebody for whom an initiator acts', { record: { actors: [{ iss: 'i', sub: 'ada', kind: 'person' }] } }],
    ['somebody for whom a program acts', { record: { actors: [{ iss: 'i', sub: 'bot', kind: 'client' }] } }],
    ['a program', { programs: [{ iss: 'i', sub: 'grace' }] }],
    [
      'somebody for whom a person of no people issuer acts',
      { issuers: [{ iss: 'i', kind: 'people' }], record: { actors: [{ iss: 'j', sub: 'mary', kind: 'person' }] } },
    ],
    ['somebody of another run', { record: { runId: 'run_2' } }],
    ['somebody of another tenant', { record: { tenant: 'globex' } }],
    ['somebody without a reason', { record: { reason: ' ' } }],
    ['somebody before the run', { record: { decidedAt: '2026-01-01T00:00:30.000Z' } }],
    ['somebody who signed in too long ago', { maxAuthAgeMs: 60_000 }],
    ['a machine', { issuers: [{ iss: 'i', kind: 'clients' }] }],
  ])('are refused of %s', (_, change) => expect(() => resolvedByPeople(aSession(change))).toThrow());
});
