import type { Gate } from '../api/views';
import { obstacleTo, type Reading } from './may-decide';

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
    request: { requirement: { ...requirement, ...needs } } as Gate['request'],
  },
  isRead: true,
  isGenuine: true,
  reason: '',
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
  expect(obstacleTo('approved', reading({}, { formDigest: 'sha256:1' }))).toMatch(/form/);
  expect(obstacleTo('rejected', reading({}, { formDigest: 'sha256:1' }))).toBeNull();
  expect(obstacleTo('rejected', reading({}, { proof: 'key' }))).toMatch(/proof/);
});
