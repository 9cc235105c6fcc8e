import { CodedError } from '../../foundation/coded-error';
import { ObjectStoreHealth, type StoreOutage } from './object-store-health';

const unavailable = (reason = 'full') => new CodedError('OBJECT_STORE_UNAVAILABLE', reason, 'make room');
const NEVER = new AbortController();
const bytes = (text: string) => new TextEncoder().encode(text);

/** A health over a store that refuses probes while `broken`. Its clock stands still by default. */
function watched({ intervalMs = 1 } = {}) {
  const bench = { broken: false, probes: 0, now: 0, changes: [] as (string | null)[] };
  const health = new ObjectStoreHealth({
    store: {
      probe: async () => {
        bench.probes++;
        if (bench.broken) throw unavailable('the probe does not fit');
      },
    },
    probeBytes: 1,
    intervalMs,
    monotonicMs: () => (bench.now += 0.1),
    onChange: (outage: StoreOutage | null) => bench.changes.push(outage && outage.reason),
  });
  return { bench, health };
}

describe('the health of an object store', () => {
  it('asks together, and again when an answer is old', async () => {
    const { bench, health } = watched({ intervalMs: 10 });
    expect(await Promise.all([health.check(), health.check(), health.check()])).toEqual([null, null, null]);
    await health.check();
    expect(bench.probes).toBe(1);
    bench.now += 10;
    await health.check();
    expect(bench.probes).toBe(2);
  });

  it('says once that an outage begins, with its first cause, and once that it is over', async () => {
    const { bench, health } = watched();
    bench.broken = true;
    expect(health.note(unavailable())).toBe(true);
    health.note(unavailable('still full'));
    expect([health.isAway, health.outage?.code]).toEqual([true, 'OBJECT_STORE_UNAVAILABLE']);
    expect(await health.check()).toMatchObject({ reason: 'the probe does not fit' });
    bench.broken = false;
    await health.available(NEVER);
    expect(bench.changes).toEqual(['full', null]);
    expect([health.isAway, health.outage]).toEqual([false, null]);
  });

  it('takes other errors for none of the store', async () => {
    const { bench, health } = watched();
    expect(health.note(new CodedError('OBJECT_MISSING', 'gone', 'look'))).toBe(false);
    await expect(health.withRetry(() => Promise.reject(new TypeError('no')), NEVER)).rejects.toThrow(TypeError);
    expect(bench.changes).toEqual([]);
  });

  it('is not over while something still does not fit, though probes do', async () => {
    const { bench, health } = watched();
    let tries = 0;
    const work = health.withRetry(async () => {
      if (++tries < 3) throw unavailable();
      return 'stored';
    }, NEVER);
    while (tries < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    await health.check();
    expect([health.isAway, health.outage?.reason]).toEqual([false, 'full']);
    expect(await work).toBe('stored');
    await health.check();
    expect(bench.changes).toEqual(['full', null]);
  });

  it('gives up what is refused while probes succeed, and what nobody waits for', async () => {
    const { bench, health } = watched();
    let tries = 0;
    const refused = new CodedError('OBJECT_STORE_REFUSED', 'not this one', 'look');
    const never = async (): Promise<never> => {
      tries++;
      throw refused;
    };
    await expect(health.withRetry(never, NEVER)).rejects.toBe(refused);
    expect(tries).toBe(4);
    bench.broken = true;
    const abort = new AbortController();
    const waiting = health.withRetry(() => Promise.reject(unavailable()), abort);
    setTimeout(() => abort.abort(), 5);
    await expect(waiting).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
    health.close();
  });

  it('goes on reading where it was cut off', async () => {
    const { health } = watched();
    const cuts = [2, 5, Infinity];
    const open = async () => {
      const cut = cuts.shift() ?? 0;
      return (async function* () {
        for (const [i, piece] of ['a', 'bc', 'def', 'g', 'h'].entries()) {
          if (i >= cut - 1) throw unavailable();
          yield bytes(piece);
        }
      })();
    };
    let text = '';
    for await (const piece of await health.read(open, NEVER.signal)) text += Buffer.from(piece).toString();
    expect([text, cuts]).toEqual(['abcdefgh', []]);
  });
});
