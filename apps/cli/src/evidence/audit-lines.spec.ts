import type { AuditVerification } from '@taskrunner/core/evidence';
import { auditLines } from './audit-lines';

const DEV = 'https://stellaops.io/taskrunner/builders/dev/v1';
const OWN = 'https://stellaops.io/taskrunner/builders/sealed/v1';

const verification = (changed: Partial<AuditVerification> = {}): AuditVerification => ({
  ...{ ok: true, tenant: 'acme', last: 12, covered: 12 },
  checks: [{ name: 'audit.chain', ok: true, detail: 'entries 1 to 12' }],
  ...changed,
});
const lines = (changed: Partial<AuditVerification>, ...builders: readonly string[]) =>
  auditLines(verification(changed), { keys: [{ builders }] } as never);

it.each([
  [{}, 'verified: the audit chain of tenant acme is complete and unchanged, 12 entries'],
  [
    { covered: 11 },
    'verified: the audit chain of tenant acme is complete and unchanged up to entry 11. 1 later entry is covered by no checkpoint yet.',
  ],
  [
    { covered: 2 },
    'verified: the audit chain of tenant acme is complete and unchanged up to entry 2. 10 later entries are covered by no checkpoint yet.',
  ],
  [
    {
      ok: false,
      checks: [
        { name: 'audit.chain', ok: false, detail: 'x' },
        { name: 'audit.complete', ok: false, detail: 'y' },
      ],
    } as const,
    'NOT VERIFIED: audit.chain, audit.complete',
  ],
])('the verdict on an audit chain is the last line: %j', (changed, verdict) => {
  expect(lines(changed, OWN).at(-1)).toBe(verdict);
});

it('says what to do about each check that fails', () => {
  const checks = [
    { name: 'audit.chain', ok: false, detail: 'x' },
    { name: 'trust.authority', ok: true, detail: 'y' },
  ] as const;
  const said = lines({ ok: false, checks }, OWN);
  expect(said[2]).toMatch(/^help: audit\.chain: Export the chain again/);
  expect(said).toHaveLength(4);
});

it('does not call an export incomplete that it could compare with nothing', () => {
  const checks = (['checkpoints.signature', 'audit.complete'] as const).map((name) => ({
    name,
    ok: false,
    detail: 'x',
  }));
  const said = lines({ ok: false, checks }, OWN);
  expect(said.filter((line) => line.startsWith('help: '))).toEqual([
    expect.stringMatching(/^help: checkpoints\.signature: /),
  ]);
});

it('names keys of a development installation, and of no other', () => {
  expect(lines({}, OWN, DEV)).toContain(
    'DEVELOPMENT KEYS: the trust file has keys of the development Authority. This chain proves nothing about a production installation.',
  );
  expect(lines({}, OWN)).toHaveLength(2);
});
