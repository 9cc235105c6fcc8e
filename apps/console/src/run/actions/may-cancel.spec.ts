import { obstacleToCancel } from './may-cancel';

const run = {
  requester: { id: 'ada', iss: 'https://a.test', name: 'Ada' },
  initiators: [
    { iss: 'https://a.test', sub: 'ada', kind: 'person' as const },
    { iss: 'https://a.test', sub: 'bot', kind: 'client' as const },
  ],
};
const me = (sub: string, scopes: readonly string[] = ['packs.run'], iss = 'https://a.test') =>
  ({ person: { iss, sub, name: sub }, scopes }) as unknown as Parameters<typeof obstacleToCancel>[1];

it('is none for who started the run, and for administrators', () => {
  expect(obstacleToCancel(run, me('ada'))).toBeNull();
  expect(obstacleToCancel(run, me('bot'))).toBeNull();
  expect(obstacleToCancel(run, me('grace', ['packs.admin']))).toBeNull();
  expect(obstacleToCancel(run, undefined)).toBeNull();
});

it('is said to everybody else, also to the same subject of another issuer', () => {
  expect(obstacleToCancel(run, me('grace'))).toMatch(/^Ada started this run/);
  expect(obstacleToCancel(run, me('ada', ['packs.run'], 'https://b.test'))).toMatch(/^Ada started this run/);
  expect(obstacleToCancel(run, me('ada', ['packs.read']))).toMatch(/scope packs\.run/);
});
