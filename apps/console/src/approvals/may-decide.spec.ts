import type { Gate } from '@taskrunner/client';
import { ageLimitMs, obstacleTo, type Reading } from './may-decide';

const requirement = {
  grants: [],
  minApprovals: 1,
  selfApproval: false,
  proof: 'service',
  maxAuthAge: null,
  reasonRequired: false,
  formDigest: null,
};
const reading = (more: Partial<Reading> = {}, needs: Partial<Gate['request']['requirement']> = {}): Reading => ({
  gate: {
    status: 'open',
    canDecide: true,
    gateDigest: 'sha256:0123456789abcdef',
    request: { requirement: { ...requirement, ...needs } } as Gate['request'],
  },
  isRead: true,
  isGenuine: true,
  reason: '',
  response: null,
  typed: null,
  ...more,
});

it('is possible when what it is about was read, and is what was signed', () => {
  expect(obstacleTo('approved', reading())).toBeNull();
});

it('is not possible before', () => {
  expect(obstacleTo('approved', reading({ isRead: false }))).toMatch(/to its end/);
  expect(obstacleTo('rejected', reading({ isGenuine: null }))).toMatch(/being compared/);
  expect(obstacleTo('rejected', reading({ isGenuine: false }))).toMatch(/not what the digest/);
});

it('needs what the gate asks for', () => {
  expect(obstacleTo('approved', reading({}, { reasonRequired: true }))).toMatch(/reason/);
  expect(obstacleTo('approved', reading({ reason: '  ' }, { reasonRequired: true }))).toMatch(/reason/);
  expect(obstacleTo('approved', reading({ reason: 'read' }, { reasonRequired: true }))).toBeNull();
  expect(obstacleTo('rejected', reading({}, { proof: 'key' }))).toMatch(/proof/);
});

it('of an approval needs a complete form', () => {
  const form = { formDigest: 'sha256:1' };
  expect(obstacleTo('approved', reading({}, form))).toMatch(/form/);
  const incomplete = { kind: 'incomplete' as const, why: 'Fill in the form.' };
  expect(obstacleTo('approved', reading({ response: incomplete }, form))).toBe('Fill in the form.');
  expect(obstacleTo('approved', reading({ response: { kind: 'complete', value: {} } }, form))).toBeNull();
  expect(obstacleTo('rejected', reading({}, form))).toBeNull();
});

it('waits for the digest of whoever has asked to type it', () => {
  expect(obstacleTo('approved', reading({ typed: '' }))).toMatch(/first 8 characters/);
  expect(obstacleTo('rejected', reading({ typed: '0123456' }))).toMatch(/first 8 characters/);
  expect(obstacleTo('rejected', reading({ typed: ' 01234567 ' }))).toBeNull();
  expect(obstacleTo('rejected', reading({ typed: 'SHA256:01234567' }))).toBeNull();
});

it('says that a wrong digest does not match, and not that it is missing', () => {
  expect(obstacleTo('approved', reading({ typed: '89abcdef' }))).toMatch(/does not match/);
  expect(obstacleTo('approved', reading({ typed: '012345678' }))).toMatch(/does not match/);
});

it('knows how old a sign-in may be', () => {
  expect([ageLimitMs('PT15M'), ageLimitMs('P1DT1H'), ageLimitMs('PT1.5S')]).toEqual([900_000, 90_000_000, 1_500]);
  expect(ageLimitMs(null)).toBeNull();
});
