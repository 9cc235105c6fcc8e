import { DatabaseHealth } from './database-health';

const full = Object.assign(new Error('could not extend file "base/5/16401": No space left on device'), {
  code: '53100',
});
const fullElsewhere = Object.assign(new Error('could not extend file "base/5/16777"'), { code: '53100' });
const busy = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });

function watched() {
  const said: (string | null)[] = [];
  const server = { error: null as Error | null, probes: 0 };
  const health = new DatabaseHealth({
    probe: async () => {
      server.probes++;
      if (server.error !== null) throw server.error;
    },
    intervalMs: 1_000,
    onChange: (outage) => void said.push(outage?.reason ?? null),
  });
  return { health, said, server };
}

describe('the health of a database', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('is told once when its disk is full, and once when it stores again', async () => {
    const { health, said, server } = watched();
    expect(health.outage).toBeNull();
    server.error = full;
    for (let second = 0; second < 60; second++) {
      health.note(full);
      health.note(fullElsewhere);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(health.outage).toMatchObject({ reason: 'the disk of the database is full', error: full });
    }
    expect(said).toEqual(['the disk of the database is full']);
    // Nothing is written meanwhile: a probe finds out.
    await jest.advanceTimersByTimeAsync(60_000);
    expect(said).toHaveLength(1);
    server.error = null;
    await jest.advanceTimersByTimeAsync(2_000);
    expect([health.outage, said]).toEqual([null, ['the disk of the database is full', null]]);
    health.close();
  });

  it('is not good again while statements fail, although a probe succeeds', async () => {
    const { health, said } = watched();
    for (let tenth = 0; tenth < 100; tenth++) {
      health.note(full);
      await jest.advanceTimersByTimeAsync(100);
    }
    expect(said).toEqual(['the disk of the database is full']);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(said).toHaveLength(2);
    health.close();
  });

  it('does not change by what concerns one statement', async () => {
    const { health, said, server } = watched();
    for (const error of [busy, new Error('x')]) health.note(error);
    await jest.advanceTimersByTimeAsync(10_000);
    expect([health.outage, said, server.probes]).toEqual([null, [], 0]);
  });

  it('is no longer asked about after it is closed', async () => {
    const { health, said, server } = watched();
    health.note(full);
    health.close();
    await jest.advanceTimersByTimeAsync(10_000);
    expect([said.length, server.probes]).toEqual([1, 0]);
  });
});
