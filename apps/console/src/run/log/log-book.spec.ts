import type { Api } from '../../api/api';
import type { LogLine, LogPage } from '../../api/views';
import { LogBook } from './log-book';

const line = (sequence: number): LogLine => ({
  sequence,
  timestamp: '2026-11-29T12:00:00.000Z',
  eventType: 'step.log',
  message: `line ${sequence}`,
});
const between = (from: number, to: number): LogLine[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => line(from + index));

/** The log of a run that goes on: pages of it, and streams that the test writes to. */
function server(lastLine: number) {
  const log = { lastLine };
  const streams: { readonly query: unknown; readonly write: (events: readonly object[]) => void; isOpen: boolean }[] =
    [];
  const pages: unknown[] = [];
  const api = {
    get: async (_path: string, query: Readonly<Record<string, number>>): Promise<LogPage> => {
      pages.push(query);
      const { before, after = 0, limit = 0 } = query;
      const [from, to] =
        before === undefined
          ? [after + 1, Math.min(log.lastLine, after + limit)]
          : [Math.max(1, Math.min(log.lastLine + 1, before) - limit), Math.min(log.lastLine, before - 1)];
      const rest = { total: null, missingLines: 0, nextCursor: null };
      return { items: between(from, to), searchedFrom: from, searchedTo: to, lastLine: log.lastLine, ...rest };
    },
    ask: async (_path: string, asking: Parameters<Api['ask']>[1]) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const stream = {
        query: { tail: asking?.query?.['tail'], after: asking?.query?.['after'] },
        write: (events: readonly object[]) =>
          void writer.write(
            new TextEncoder().encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')),
          ),
        isOpen: true,
      };
      asking?.signal?.addEventListener('abort', () => {
        stream.isOpen = false;
        void writer.abort(new Error('aborted')).catch(() => undefined);
      });
      streams.push(stream);
      return new Response(readable);
    },
  } as unknown as Pick<Api, 'ask' | 'get'>;
  return { api, log, pages, streams };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
const tailAt = (after: number): object => ({ eventType: 'stream.tail', sequence: after, timestamp: '', after });

function open(lastLine: number, limit = 1_000) {
  const from = server(lastLine);
  const book = new LogBook({ api: from.api, runId: 'run_1', filter: {}, limit });
  book.setSeen(true);
  const span = () => {
    const { lines, isAtEnd } = book.current().window;
    return [lines[0]?.sequence, lines.at(-1)?.sequence, isAtEnd];
  };
  return { ...from, book, span };
}

it('follows the end, stops for a reader who scrolls away, and goes back to the end', async () => {
  const { book, span, streams } = open(100_000);
  book.openEnd();
  await settled();
  expect(streams[0]?.query).toEqual({ tail: 500, after: undefined });
  streams[0]?.write([tailAt(99_500), ...between(99_501, 100_000)]);
  await settled();
  expect([span(), book.current().isFollowing]).toEqual([[99_501, 100_000, true], true]);
  book.unfollow();
  streams[0]?.write(between(100_001, 100_200));
  await settled();
  expect([span(), book.current().readTo]).toEqual([[99_501, 100_200, true], 100_000]);
  // A window that is full keeps what the reader reads, and holds no stream.
  streams[0]?.write(between(100_201, 101_000));
  await settled();
  expect([span(), streams[0]?.isOpen]).toEqual([[99_501, 100_500, false], false]);
  book.follow();
  await settled();
  expect(streams[1]?.query).toEqual({ tail: 500, after: undefined });
  book.close();
});

it('goes to a line, and reads on in both directions up to the end', async () => {
  const { book, span, pages, streams } = open(2_000);
  await book.openAt(1_000);
  expect([span(), streams]).toEqual([[901, 1_500, false], []]);
  await book.earlier();
  expect(span()).toEqual([401, 1_400, false]);
  // Two movements at once are one.
  await Promise.all([book.later(), book.later()]);
  expect(span()).toEqual([901, 1_900, false]);
  await book.later();
  expect(span()).toEqual([1_001, 2_000, true]);
  await settled();
  expect([pages.length, streams[0]?.query]).toEqual([5, { tail: undefined, after: 2_000 }]);
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
  const { book, span, streams } = open(10);
  book.openEnd();
  await settled();
  streams[0]?.write([tailAt(0), ...between(1, 10)]);
  await settled();
  book.setSeen(false);
  expect(streams[0]?.isOpen).toBe(false);
  book.setSeen(true);
  await settled();
  expect(streams[1]?.query).toEqual({ tail: undefined, after: 10 });
  streams[1]?.write(between(9, 12));
  await settled();
  expect(span()).toEqual([1, 12, true]);
  expect(book.current().window.lines).toHaveLength(12);
  book.close();
});
