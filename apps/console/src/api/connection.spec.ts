import { Connection } from './connection';

const HALF = (): number => 0.5;
const T0 = 1_000_000;

beforeEach(() => jest.useFakeTimers({ now: T0 }));
afterEach(() => jest.useRealTimers());

/** The pause until the next try; null: a try is under way, or the server can be reached. */
function pauseOf(connection: Connection): number | null {
  const reach = connection.current();
  return reach.kind === 'lost' && reach.nextAt !== null ? reach.nextAt - Date.now() : null;
}

/** Makes the next try at its time. */
function tryOnce(connection: Connection, end: 'lost' | 'part' | 'whole'): void {
  jest.advanceTimersByTime(pauseOf(connection) ?? 0);
  connection.begin();
  connection.end(end);
}

it('is lost with the first request that fails, and says when it tries again', () => {
  const connection = new Connection(HALF);
  expect(connection.current()).toEqual({ kind: 'there' });
  connection.note(true);
  expect(connection.current()).toEqual({ kind: 'there' });
  connection.note(false);
  expect(connection.current()).toEqual({ kind: 'lost', isPart: false, nextAt: T0 + 750 });
});

it('waits twice as long after each try that fails, up to half a minute, and never the same on two machines', () => {
  const connection = new Connection(HALF);
  connection.note(false);
  const pauses: (number | null)[] = [pauseOf(connection)];
  for (let tries = 0; tries < 7; tries++) {
    tryOnce(connection, 'lost');
    pauses.push(pauseOf(connection));
  }
  expect(pauses).toEqual([750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500]);
  const [short, long] = [new Connection(() => 0), new Connection(() => 0.999)];
  for (const one of [short, long]) one.note(false);
  expect([pauseOf(short), pauseOf(long)]).toEqual([500, 1_000]);
});

it('has one schedule, whatever other requests of the page find out', () => {
  const connection = new Connection(HALF);
  connection.note(false);
  const before = connection.current();
  for (let other = 0; other < 50; other++) connection.note(other % 2 === 0);
  expect(connection.current()).toBe(before);
  connection.begin();
  expect(connection.current()).toEqual({ kind: 'lost', isPart: false, nextAt: null });
  connection.note(true);
  connection.note(false);
  expect(pauseOf(connection)).toBeNull();
  connection.end('part');
  expect(connection.current()).toEqual({ kind: 'lost', isPart: true, nextAt: T0 + 1_500 });
});

it('does not begin with short pauses again if it is soon lost again', () => {
  const connection = new Connection(HALF);
  connection.note(false);
  for (let again = 0; again < 3; again++) {
    tryOnce(connection, 'whole');
    expect(connection.current()).toEqual({ kind: 'there' });
    connection.note(false);
  }
  expect(pauseOf(connection)).toBe(6_000);
  tryOnce(connection, 'whole');
  jest.advanceTimersByTime(60_000);
  connection.note(false);
  expect(pauseOf(connection)).toBe(750);
});

it('wakes whoever waits for the next try that is answered', async () => {
  const connection = new Connection(HALF);
  const { signal } = new AbortController();
  await connection.answered(signal);
  connection.note(false);
  const woken = jest.fn();
  void connection.answered(signal).then(woken);
  const stopping = new AbortController();
  const stopped = connection.answered(stopping.signal);
  stopping.abort();
  await stopped;
  tryOnce(connection, 'lost');
  await Promise.resolve();
  expect(woken).not.toHaveBeenCalled();
  tryOnce(connection, 'part');
  await Promise.resolve();
  expect(woken).toHaveBeenCalledTimes(1);
});

it('loses its network before a request finds out', () => {
  const connection = new Connection(HALF);
  const browser = new EventTarget();
  connection.watch(browser);
  browser.dispatchEvent(new Event('offline'));
  expect(connection.current()).toMatchObject({ kind: 'lost' });
});
