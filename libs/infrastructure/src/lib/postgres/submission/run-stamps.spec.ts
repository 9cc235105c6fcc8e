import { runUuid } from '@taskrunner/core/foundation';
import { DatabaseClock } from '../connection/database-clock';
import type { Statement } from '../connection/statement';
import { RunStamps } from './run-stamps';

/** Stamps with a simulated database time and monotonic time. Queries are counted in `asked`. */
function stamps(time: { database: number; elapsed: number; asked: number }): RunStamps {
  const across = async <Row>({ name }: Statement): Promise<Row[]> => {
    expect(name).toBe('now');
    time.asked += 1;
    return [{ at_ms: time.database + time.elapsed } as Row];
  };
  return new RunStamps({ across }, { clock: new DatabaseClock(undefined, () => time.elapsed) });
}

describe('stamps of runs', () => {
  it('are the time of the database, and a UUIDv7 of that millisecond (RFC 9562 §5.7)', async () => {
    const time = { database: 1_700_000_000_000, elapsed: 50, asked: 0 };
    const { at, runId } = await stamps(time).next();
    expect(at).toBe(1_700_000_000_050);
    const uuid = runUuid(runId);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(uuid.replace('-', '').slice(0, 12), 16)).toBe(at);
  });

  it('rise within a millisecond, and are all different', async () => {
    const ofOne = stamps({ database: 0, elapsed: 7, asked: 0 });
    const ids: string[] = [];
    for (let i = 0; i < 4_000; i++) ids.push((await ofOne.next()).runId);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are never later than the database, however long its answer took, or the one before failed', async () => {
    const time = { database: 1_700_000_000_000, elapsed: 0 };
    let failed = false;
    const across = async <Row>(): Promise<Row[]> => {
      if (!failed) {
        failed = true;
        time.elapsed += 3_000;
        throw Object.assign(new Error('the server goes'), { code: '57P01' });
      }
      const row = { at_ms: time.database + time.elapsed } as Row;
      time.elapsed += 400;
      return [row];
    };
    const { at } = await new RunStamps({ across }, { clock: new DatabaseClock(undefined, () => time.elapsed) }).next();
    expect(time.elapsed).toBe(3_400);
    expect(at).toBe(time.database + 3_000);
  });

  it('ask the database once a second, however many want one', async () => {
    const time = { database: 0, elapsed: 0, asked: 0 };
    const ofOne = stamps(time);
    await Promise.all(Array.from({ length: 50 }, () => ofOne.next()));
    expect(time.asked).toBe(1);
    time.elapsed = 1_001;
    time.database = 5_000;
    expect((await ofOne.next()).at).toBe(6_001);
    expect(time.asked).toBe(2);
  });
});
