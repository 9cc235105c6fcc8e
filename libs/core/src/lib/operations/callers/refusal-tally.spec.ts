import type { TenantId } from '../../foundation/ids';
import { INSTALLATION, RefusalTally, type RefusedRequest } from './refusal-tally';

const acme = 'acme' as TenantId;
const ada = { tenant: acme, iss: 'https://id.test', sub: 'ada', actors: [] };
const at = Date.UTC(2026, 0, 1);

function refused(change: Partial<RefusedRequest> = {}): RefusedRequest {
  return { caller: ada, status: 403, code: 'SCOPE_MISSING', reason: 'no scope', address: '10.0.0.1', at, ...change };
}

describe('refused requests', () => {
  it('of one person for one reason are one entry with their number and times', () => {
    const tally = new RefusalTally(10);
    for (let i = 0; i < 1_000; i++) tally.add(refused({ at: at + i, address: `10.0.0.${i % 250}` }));
    tally.add(refused({ reason: 'another' }));
    tally.add(refused({ caller: { ...ada, sub: 'ben' } }));
    const [of, ...none] = tally.take();
    expect([of?.tenant, none]).toEqual([acme, []]);
    expect(of?.events.map(({ count }) => count)).toEqual([1_000, 1, 1]);
    expect(of?.events[0]).toEqual({
      type: 'request.refused',
      status: 403,
      code: 'SCOPE_MISSING',
      reason: 'no scope',
      address: '10.0.0.0',
      count: 1_000,
      first: '2026-01-01T00:00:00.000Z',
      last: '2026-01-01T00:00:00.999Z',
      person: { iss: ada.iss, sub: 'ada' },
      actors: [],
    });
    expect(tally.take()).toEqual([]);
  });

  it('of nobody who is known go to the installation by their address, a flood of them in a few entries', () => {
    const tally = new RefusalTally(10);
    for (let i = 0; i < 100_000; i++)
      tally.add(refused({ caller: null, status: 401, code: 'TOKEN_INVALID', reason: `why ${i}`, address: `a${i}` }));
    tally.add(refused({ caller: null, status: 403 }));
    const [{ tenant, events } = { tenant: acme, events: [] }] = tally.take();
    expect([tenant, events.length]).toEqual([INSTALLATION, 12]);
    expect(events.slice(-2)).toEqual([
      expect.objectContaining({ code: 'OTHERS', status: 401, count: 99_990, person: null, address: null }),
      expect.objectContaining({ code: 'OTHERS', status: 403, count: 1 }),
    ]);
    expect(events.reduce((sum, { count }) => sum + (count as number), 0)).toBe(100_001);
  });

  it('go to the chain of a tenant where one is named for those of nobody', () => {
    const tally = new RefusalTally(10, 'ops' as TenantId);
    tally.add(refused({ caller: null }));
    expect(tally.take().map(({ tenant }) => tenant)).toEqual(['ops']);
  });
});
