import { ApiProblem, ClientError } from '@taskrunner/client';
import { ConnectionNotice } from './connection-notice';

const AWAY = new ClientError('CLIENT_SERVER_UNREACHABLE', 'http://server does not respond: ECONNREFUSED', 'Try again.');
const BUSY = new ApiProblem(503, { code: 'DATABASE_UNAVAILABLE', detail: 'the database is away', retryable: true });

describe('a lost connection', () => {
  beforeEach(() => jest.useFakeTimers({ now: Date.parse('2026-11-29T03:00:00.000Z') }));
  afterEach(() => jest.useRealTimers());

  const noticed = () => {
    const lines: string[] = [];
    const notice = new ConnectionNotice({ say: (line) => void lines.push(line), isInteractive: false });
    return { lines, notice, log: notice.stream(), run: notice.stream() };
  };
  const lost = (error: ClientError | ApiProblem | null) => ({ error, retryInMs: 200 });

  it('is reported once for all streams, with its time and reason, and again when all are back', () => {
    const { lines, log, run } = noticed();
    log.onConnected();
    log.onInterrupted(lost(AWAY));
    jest.advanceTimersByTime(400);
    run.onInterrupted(lost(BUSY));
    log.onInterrupted(lost(AWAY));
    jest.advanceTimersByTime(20_600);
    run.onConnected();
    run.onInterrupted(lost(AWAY));
    log.onConnected();
    expect(lines).toEqual([
      'connection lost at 2026-11-29T03:00:00.000Z: http://server does not respond: ECONNREFUSED',
      'trying again for up to 1m; the run does not depend on this connection',
    ]);
    run.onConnected();
    run.onConnected();
    expect(lines.slice(2)).toEqual(['connected again at 2026-11-29T03:00:21.000Z, after 21s']);
    run.onInterrupted(lost(BUSY));
    jest.advanceTimersByTime(1_000);
    expect(lines[3]).toBe(
      'connection lost at 2026-11-29T03:00:21.000Z: the server answers DATABASE_UNAVAILABLE: the database is away',
    );
  });

  it('is not reported if it is back at once, if the server asked to come back, or after the command has ended', () => {
    const { lines, notice, log } = noticed();
    log.onInterrupted(lost(AWAY));
    jest.advanceTimersByTime(900);
    log.onConnected();
    log.onInterrupted(lost(null));
    jest.advanceTimersByTime(5_000);
    log.onConnected();
    log.onInterrupted(lost(AWAY));
    notice.close();
    jest.advanceTimersByTime(5_000);
    expect(lines).toEqual([]);
  });
});
