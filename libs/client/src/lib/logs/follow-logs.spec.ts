import { json, scriptedServer, type Answer, type ScriptedServer } from '../../testing/scripted-server';
import { createClient } from '../client';
import type { LogOptions } from './follow-logs';

const line = (number: number, message = String(number)) =>
  `id: ${number}\ndata: {"runId":"r","sequence":${number},"timestamp":"2026-01-01T00:00:00.000Z","eventType":"step.log","message":${JSON.stringify(message)}}\n\n`;
const finished = (number: number) =>
  `id: ${number}\ndata: {"runId":"r","sequence":${number},"eventType":"run.finished","status":"succeeded"}\n\n`;
const resume = (number: number, retryMs = 1) =>
  `event: stream.resume\nid: ${number}\nretry: ${retryMs}\ndata: {"runId":"r","sequence":${number},"eventType":"stream.resume","after":${number},"reason":"service-stops","retryMs":${retryMs}}\n\n`;
const stream = { 'content-type': 'text/event-stream; charset=utf-8' };

/** A response that ends normally. */
const whole =
  (...text: readonly string[]): Answer =>
  (response) =>
    response.writeHead(200, stream).end(text.join(''));
/** A response whose connection breaks after the text. */
const broken =
  (...text: readonly string[]): Answer =>
  (response) =>
    response.writeHead(200, stream).write(text.join(''), () => setTimeout(() => response.destroy(), 20));
/** A response that stays open and sends nothing. */
const silent =
  (...text: readonly string[]): Answer =>
  (response) => {
    response.writeHead(200, stream).flushHeaders();
    if (text.length > 0) response.write(text.join(''));
  };
const problem = (status: number, code: string, retryable: boolean, headers = {}): Answer => {
  return (response) => response.writeHead(status, headers).end(JSON.stringify({ code, detail: 'd', retryable }));
};

let server: ScriptedServer;
beforeAll(async () => (server = await scriptedServer()));
afterAll(() => server.stop());

const log = (options: LogOptions = {}) =>
  createClient({ server: server.url, token: () => 't' }).followLogs('r', options);

/** The lines that were read, and the requests that the server received. */
async function read(
  options?: LogOptions,
): Promise<{ readonly lines: readonly string[]; readonly asked: readonly string[] }> {
  const lines: string[] = [];
  for await (const { sequence, eventType } of log(options))
    lines.push(eventType === 'step.log' ? String(sequence) : `${eventType} ${sequence}`);
  return { lines, asked: server.received.map(({ url }) => new URL(url, server.url).search) };
}

it('has each line once and in order, over broken connections, faults of the server, ends of streams and what is sent twice', async () => {
  server.answer(
    broken('retry: 1000\n\n', line(1), line(2), line(3).slice(0, 20)),
    problem(503, 'DATABASE_UNAVAILABLE', true),
    problem(500, 'INTERNAL', false),
    whole(line(3), resume(3)),
    whole(line(2), line(3), line(4)),
    (response) => response.destroy(),
    whole(': at 9 head 9\n\n'),
    whole(line(10), finished(10)),
  );
  const { lines, asked } = await read();
  expect(lines).toEqual(['1', '2', '3', '4', '10', 'run.finished 10']);
  expect(asked).toEqual([0, 2, 2, 2, 3, 4, 4, 9].map((after) => `?after=${after}`));
});

it('ends where the server has nothing more (204), with the status of the run', async () => {
  server.answer(
    (response) => response.writeHead(204).end(),
    problem(503, 'DATABASE_UNAVAILABLE', true),
    (response) => response.writeHead(204).end(),
    json(200, { runId: 'r', status: 'cancelled', lastLine: 4, finishedAt: '2026-01-01T00:00:00.000Z' }),
  );
  const lines = [];
  for await (const one of log({ after: 4 })) lines.push(one);
  expect(lines).toEqual([
    { runId: 'r', sequence: 4, timestamp: '2026-01-01T00:00:00.000Z', eventType: 'run.finished', status: 'cancelled' },
  ]);
});

it('reads only what exists if it does not follow, also over a server that stops', async () => {
  server.answer(whole(line(1), resume(1)), whole(line(2)));
  const { lines, asked } = await read({ follow: false, step: 'a[1]::b', level: 'warn' });
  expect(lines).toEqual(['1', '2']);
  const filter = 'step=a%5B1%5D%3A%3Ab&level=warn&follow=false';
  expect(asked).toEqual([`?after=0&${filter}`, `?after=1&${filter}`]);
});

it('begins with the last lines, and is resumed after the last one that was read, or where the tail begins', async () => {
  const tail = 'event: stream.tail\nid: 6\ndata: {"eventType":"stream.tail","after":6,"complete":true}\n\n';
  server.answer((response) => response.destroy(), broken(tail), broken(line(7)), whole(line(8), finished(8)));
  const tails: unknown[] = [];
  const onTail: LogOptions['onTail'] = ({ after, complete }) => tails.push([after, complete]);
  const { lines, asked } = await read({ tail: 2, step: 'a', attempt: 3, onTail });
  expect(tails).toEqual([[6, true]]);
  expect(lines).toEqual(['7', '8', 'run.finished 8']);
  expect(asked).toEqual(['tail=2', 'tail=2', 'after=6', 'after=7'].map((begin) => `?${begin}&step=a&attempt=3`));
});

it.each([
  [401, 'TOKEN_INVALID'],
  [403, 'SCOPE_MISSING'],
  [404, 'RUN_NOT_FOUND'],
])('asks no further after %d', async (status, code) => {
  server.answer(broken(line(1)), problem(status, code, false));
  await expect(read()).rejects.toMatchObject({ name: 'ApiProblem', status, code });
  expect(server.received).toHaveLength(2);
});

it('comes back later if the server is asked too often, and says so', async () => {
  const interruptions: unknown[] = [];
  server.answer(problem(429, 'RATE_LIMITED', true, { 'retry-after': '1' }), whole(finished(1)));
  await read({ onInterrupted: ({ error, retryInMs }) => interruptions.push([error?.code, retryInMs]) });
  expect(interruptions).toEqual([['RATE_LIMITED', 1000]]);
});

it('replaces a connection on which nothing arrives, before its answer and after it', async () => {
  const said: string[] = [];
  // Counted by the distinct requests: on a slow machine an additional connection may be replaced.
  const times = new Map<string, number>();
  const answer: Answer = (response, request) => {
    const { url = '' } = request;
    times.set(url, (times.get(url) ?? 0) + 1);
    const isFirst = times.get(url) === 1;
    if (url.endsWith('after=1')) (isFirst ? silent() : whole(line(2), finished(2)))(response, request);
    else if (!isFirst) silent(line(1))(response, request);
  };
  server.answer(...Array.from({ length: 20 }, () => answer));
  const { lines } = await read({
    idleMs: 150,
    onConnected: () => said.push('connected'),
    onInterrupted: ({ error }) => said.push(error?.message ?? ''),
  });
  expect(lines).toEqual(['1', '2', 'run.finished 2']);
  const idle = 'CLIENT_SERVER_UNREACHABLE: the server does not respond: nothing has arrived for 150 ms';
  expect(said[0]).toBe(idle);
  expect(said.at(-1)).toBe('connected');
  expect([...new Set(said)]).toEqual([idle, 'connected']);
  expect([...times.values()].every((count) => count > 1)).toBe(true);
});

it('keeps a connection whose heartbeats arrive, and one that its reader leaves waiting', async () => {
  server.answer((response) => {
    response.writeHead(200, stream);
    let beats = 0;
    const timer = setInterval(() => {
      if (++beats < 12) response.write(': at 0 head 0\n\n');
      else {
        clearInterval(timer);
        response.end(line(1) + finished(1));
      }
    }, 100);
  });
  const lines: string[] = [];
  for await (const { eventType } of log({ idleMs: 1_000 })) {
    lines.push(eventType);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
  }
  expect(lines).toEqual(['step.log', 'run.finished']);
  expect(server.received).toHaveLength(1);
});

it('begins with the first pause again after data', async () => {
  const pauses: number[] = [];
  const away: Answer = (response) => response.destroy();
  server.answer(away, away, away, broken(line(1)), whole(finished(1)));
  await read({ onInterrupted: ({ retryInMs }) => pauses.push(retryInMs) });
  const [first = 0, second = 0, third = 0, afterData = 0] = pauses;
  expect(pauses).toHaveLength(4);
  for (const [ms, least] of [
    [first, 100],
    [second, 200],
    [third, 400],
    [afterData, 100],
  ] as const)
    expect([ms >= least, ms <= 2 * least]).toEqual([true, true]);
});

it('gives up if it is asked to: the last error is thrown', async () => {
  server.answer((response) => response.destroy());
  await expect(read({ giveUpAfterMs: 0 })).rejects.toMatchObject({ code: 'CLIENT_SERVER_UNREACHABLE' });
  server.answer(whole(''));
  await expect(read({ giveUpAfterMs: 0 })).rejects.toThrow('it has ended the connection');
});

it.each<[string, (abort: () => void) => Answer]>([
  ['while it waits for the answer', (abort) => () => abort()],
  [
    'while it reads',
    (abort) => (response, request) => {
      silent(line(1))(response, request);
      setTimeout(abort, 30);
    },
  ],
  [
    'in a pause',
    (abort) => (response) => {
      response.destroy();
      setTimeout(abort, 30);
    },
  ],
])('ends with the reason of the signal %s, and closes the connection', async (_when, answer) => {
  const controller = new AbortController();
  const closed = new Promise<void>((resolve) => {
    server.answer((response, request) => {
      response.once('close', resolve);
      answer(() => controller.abort(new Error('enough')))(response, request);
    });
  });
  await expect(read({ signal: controller.signal })).rejects.toThrow('enough');
  await closed;
  expect(server.received).toHaveLength(1);
  await expect(read({ signal: controller.signal })).rejects.toThrow('enough');
});

it('closes the connection of a reader that has read enough', async () => {
  const closed = new Promise<void>((resolve) => {
    server.answer((response, request) => {
      response.once('close', resolve);
      silent(line(1), line(2))(response, request);
    });
  });
  for await (const { sequence } of log()) if (sequence === 1) break;
  await closed;
});

it('leaves no listener at the signal of a reader', async () => {
  const { signal } = new AbortController();
  server.answer(broken(line(1)), problem(503, 'DATABASE_UNAVAILABLE', true), whole(line(2), finished(2)));
  const added = jest.spyOn(signal, 'addEventListener');
  const removed = jest.spyOn(signal, 'removeEventListener');
  await read({ signal });
  const listeners = (spy: jest.SpyInstance) => spy.mock.calls.map((call: readonly unknown[]) => call[1]);
  // Three connections and two pauses. The platform adds its own for each request.
  expect(listeners(added).length).toBeGreaterThanOrEqual(5);
  expect(listeners(removed)).toEqual(expect.arrayContaining(listeners(added)));
});

it('has a token of its own for each connection, and ends with what the caller throws for one', async () => {
  const tokens = ['a', 'b'];
  const token = (): string => {
    const next = tokens.shift();
    if (next === undefined) throw new Error('log in again');
    return next;
  };
  server.answer(whole(resume(0)), whole(resume(0)));
  const lines = createClient({ server: server.url, token }).followLogs('r');
  await expect(lines.next()).rejects.toThrow('log in again');
  expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer a', 'Bearer b']);
});

it('reads events that arrive in pieces, characters of several bytes too', async () => {
  const text = `\ufeff${line(1, 'grüße 漢字 😀')}${finished(1)}`;
  server.answer((response) => {
    response.writeHead(200, stream);
    const bytes = Buffer.from(text);
    const send = (from: number): void => {
      if (from >= bytes.length) return void response.end();
      response.write(bytes.subarray(from, from + 3), () => setImmediate(send, from + 3));
    };
    send(0);
  });
  const messages = [];
  for await (const { message } of log()) messages.push(message);
  expect(messages).toEqual(['grüße 漢字 😀', undefined]);
});

it.each([
  ['no JSON', 'id: 1\ndata: {\n\n'],
  ['no number', 'data: {"eventType":"step.log"}\n\n'],
  ['no event', 'id: 1\ndata: null\n\n'],
  ['no end', `id: 1\ndata: ${'x'.repeat(5 << 20)}`],
])('rejects a stream with %s', async (_what, text) => {
  server.answer(whole(text));
  await expect(read()).rejects.toMatchObject({ code: 'CLIENT_ANSWER_INVALID' });
  expect(server.received).toHaveLength(1);
});

it('rejects an answer that is no stream', async () => {
  server.answer((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
  await expect(read()).rejects.toMatchObject({ code: 'CLIENT_ANSWER_INVALID' });
});

it('passes over events and fields of later servers', async () => {
  server.answer(whole('id: 3\ndata: {"eventType":"step.started"}\n\nnew: field\n\n', line(4), finished(4)));
  expect((await read()).lines).toEqual(['4', 'run.finished 4']);
});

it.each([{ after: 1, tail: 1 }, { after: -1 }, { after: NaN }, { idleMs: 0 }, { giveUpAfterMs: -1 }])(
  'refuses %j',
  async (options) => {
    await expect(read(options)).rejects.toMatchObject({ code: 'CLIENT_OPTION_INVALID' });
  },
);
