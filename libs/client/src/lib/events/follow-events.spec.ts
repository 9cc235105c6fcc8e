import { json, scriptedServer, type Answer, type ScriptedServer } from '../../testing/scripted-server';
import { createClient } from '../client';
import type { EventOptions } from './follow-events';

const event = (position: number, type = 'run.changed') =>
  `id: ${position}\ndata: {"position":${position},"type":"${type}","runId":"r"}\n\n`;
const resume = (position: number) =>
  `event: stream.resume\nid: ${position}\nretry: 1\ndata: {"type":"stream.resume","after":${position},"retryMs":1}\n\n`;
const stream = { 'content-type': 'text/event-stream; charset=utf-8' };
const whole =
  (...text: readonly string[]): Answer =>
  (response) =>
    response.writeHead(200, stream).end(text.join(''));
const broken =
  (...text: readonly string[]): Answer =>
  (response) =>
    response.writeHead(200, stream).write(text.join(''), () => setTimeout(() => response.destroy(), 20));
const problem = (status: number, code: string): Answer =>
  json(status, { code, detail: 'd', retryable: false }, 'application/problem+json');

let server: ScriptedServer;
beforeAll(async () => (server = await scriptedServer()));
afterAll(() => server.stop());

const feed = (options: EventOptions = {}) =>
  createClient({ server: server.url, token: () => 't' }).followEvents(options);

/** What was read until the server refuses, and what it was asked for. */
async function read(options?: EventOptions) {
  const events: string[] = [];
  const refusal = await (async () => {
    for await (const { position, type } of feed(options)) events.push(`${position} ${type}`);
  })().catch((error: unknown) => error);
  return { events, refusal, asked: server.received.map(({ url }) => new URL(url, server.url).search) };
}

it('has each event once and in order, over broken connections, heartbeats and servers that stop', async () => {
  server.answer(
    broken('retry: 1000\n\n', event(4), event(5), event(6).slice(0, 20)),
    (response) => response.writeHead(503).end(),
    whole(event(5), event(6, 'gate.opened'), resume(6)),
    whole(': at 9 head 9\n\n'),
    problem(410, 'EVENTS_GONE'),
  );
  const { events, refusal, asked } = await read({ after: 3 });
  expect(events).toEqual(['4 run.changed', '5 run.changed', '6 gate.opened']);
  expect(asked).toEqual([3, 5, 5, 6, 9].map((after) => `?after=${after}`));
  expect(refusal).toMatchObject({ name: 'ApiProblem', status: 410, code: 'EVENTS_GONE' });
});

it('begins at the end of the feed if it is told no position', async () => {
  const connected: number[] = [];
  server.answer(
    json(200, { items: [], next: 41, head: 41, oldest: 7 }),
    whole(event(42)),
    problem(401, 'TOKEN_INVALID'),
  );
  const { events, asked } = await read({ onConnected: (after) => connected.push(after) });
  expect([events, connected]).toEqual([['42 run.changed'], [41]]);
  expect(asked).toEqual(['?limit=1', '?after=41', '?after=42']);
});

it('ends with the reason of the signal, and closes the connection', async () => {
  const controller = new AbortController();
  const closed = new Promise<void>((resolve) => {
    server.answer((response) => {
      response.once('close', resolve);
      response.writeHead(200, stream).write(event(1));
      setTimeout(() => controller.abort(new Error('enough')), 30);
    });
  });
  expect(await read({ after: 0, signal: controller.signal })).toMatchObject({ refusal: new Error('enough') });
  await closed;
});

it.each(['id: 1\ndata: {}\n\n', 'id: 1\ndata: null\n\n', 'data: {"type":"run.changed"}\n\n'])(
  'rejects a stream with %j',
  async (text) => {
    server.answer(whole(text));
    expect((await read({ after: 0 })).refusal).toMatchObject({ code: 'CLIENT_ANSWER_INVALID' });
  },
);
