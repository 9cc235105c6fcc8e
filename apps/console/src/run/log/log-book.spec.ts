import type { LogLine, LogPage } from '@taskrunner/client';
import { answeredClient, OpenStream, queryOf } from '../../testing/answered-client';
import { LogBook } from './log-book';

const line = (sequence: number): LogPage['items'][number] => ({
  runId: 'run_1',
  sequence,
  timestamp: '2026-11-29T12:00:00.000Z',
  level: 'info',
  eventType: 'step.log',
  message: `line ${sequence}`,
  stepId: 'scan',
  execution: 1,
});
const between = (from: number, to: number): LogPage['items'] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => line(from + index));

/** The log of a run that goes on: pages of it, and streams that the test writes to. */
function server(lastLine: number) {
  const log = { lastLine };
  const streams: OpenStream[] = [];
  const pages: unknown[] = [];
  const client = answeredClient((request) => {
    const query = queryOf(request);
    if (request.headers.get('accept') === 'text/event-stream') {
      const stream = new OpenStream(request);
      streams.push(stream);
      return stream.response;
    }
    pages.push(query);
    const [after, limit] = [Number(query['after'] ?? 0), Number(query['limit'])];
    const before = query['before'] === undefined ? null : Number(query['before']);
    const [from, to] =
      before === null
        ? [after + 1, Math.min(log.lastLine, after + limit)]
        : [Math.max(1, Math.min(log.lastLine + 1, before) - limit), Math.min(log.lastLine, before - 1)];
    const rest = { total: null, missingLines: 0, nextCursor: null };
    const page: LogPage = {
      items: between(from, to),
      searchedFrom: from,
      searchedTo: to,
      lastLine: log.lastLine,
      ...rest,
    };
    return Response.json(page);
  });
  const queries = () => streams.map(({ request }) => queryOf(request));
  const write = (stream: number, ...lines: readonly LogLine[]): void =>
    streams[stream]?.write(...lines.map((one): [number, object] => [one.sequence, one]));
  return { client, log, pages, streams, queries, write };
}

/** Waits until the check holds. A watchdog of half a minute. */
async function settles(check: () => void): Promise<void> {
  for (let round = 0; round < 3_000; round++) {
    try {
      return check();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  check();
}
const tailAt = (after: number): LogLine => ({
  ...{ runId: 'run_1', eventType: 'stream.tail', sequence: after, timestamp: '', after },
});

function open(lastLine: number, limit = 1_000) {
  const from = server(lastLine);
  const book = new LogBook({ client: from.client, runId: 'run_1', filter: {}, limit });
  book.setSeen(true);
  const span = () => {
    const { lines, isAtEnd } = book.current().window;
    return [lines[0]?.sequence, lines.at(-1)?.sequence, isAtEnd];
  };
  return { ...from, book, span };
}

it('follows the end, stops for a reader who scrolls away, and goes back to the end', async () => {
  const { book, span, streams, queries, write } = open(100_000);
  book.openEnd();
  await settles(() => expect(queries()[0]).toEqual({ tail: '500' }));
  write(0, tailAt(99_500), ...between(99_501, 100_000));
  await settles(() => expect([span(), book.current().isFollowing]).toEqual([[99_501, 100_000, true], true]));
  book.unfollow();
  write(0, ...between(100_001, 100_200));
  await settles(() => expect([span(), book.current().readTo]).toEqual([[99_501, 100_200, true], 100_000]));
  // A window that is full keeps what the reader reads, and holds no stream.
  write(0, ...between(100_201, 101_000));
  await settles(() => expect([span(), streams[0]?.isOpen]).toEqual([[99_501, 100_500, false], false]));
  book.follow();
  await settles(() => expect(queries()[1]).toEqual({ tail: '500' }));
  book.close();
});

it('goes to a line, and reads on in both directions up to the end', async () => {
  const { book, span, pages, streams, queries } = open(2_000);
  await book.openAt(1_000);
  expect([span(), streams]).toEqual([[901, 1_500, false], []]);
  await book.earlier();
  expect(span()).toEqual([401, 1_400, false]);
  // Two movements at once are one.
  await Promise.all([book.later(), book.later()]);
  expect(span()).toEqual([901, 1_900, false]);
  await book.later();
  expect(span()).toEqual([1_001, 2_000, true]);
  await settles(() => expect([pages.length, queries()[0]]).toEqual([5, { after: '2000' }]));
  book.close();
  expect(streams[0]?.isOpen).toBe(false);
});

it('shows the end for a line that the log does not have', async () => {
  const { book, span } = open(50);
  await book.openAt(900);
  expect(span()).toEqual([1, 50, true]);
  book.close();
});

it('goes on where it was after the page was hidden, with no line lost or doubled', async () => {
  const { book, span, streams, queries, write } = open(10);
  book.openEnd();
  await settles(() => expect(streams).toHaveLength(1));
  write(0, tailAt(0), ...between(1, 10));
  await settles(() => expect(span()).toEqual([1, 10, true]));
  book.setSeen(false);
  expect(streams[0]?.isOpen).toBe(false);
  book.setSeen(true);
  await settles(() => expect(queries()[1]).toEqual({ after: '10' }));
  write(1, ...between(9, 12));
  await settles(() => expect(span()).toEqual([1, 12, true]));
  expect(book.current().window.lines).toHaveLength(12);
  book.close();
});
