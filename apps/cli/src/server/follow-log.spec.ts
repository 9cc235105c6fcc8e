import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from './client';
import { followLog, type LogReading } from './follow-log';
import type { LogEvent } from './run-views';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const line = (number: number) =>
  `id: ${number}\ndata: {"runId":"r","sequence":${number},"eventType":"step.log","message":"${number}"}\n\n`;
const finished = (number: number) =>
  `id: ${number}\ndata: {"runId":"r","sequence":${number},"eventType":"run.finished","status":"succeeded"}\n\n`;

describe('a log that is followed', () => {
  let server: Server;
  let client: Client;
  let answers: Answer[];
  const asked: (string | undefined)[] = [];

  beforeEach(async () => {
    asked.length = 0;
    server = createServer((request, response) => {
      asked.push(request.headers['last-event-id'] as string | undefined);
      answers.shift()?.(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 't');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function read(reading: LogReading = {}): Promise<readonly LogEvent[]> {
    const events: LogEvent[] = [];
    for await (const event of followLog(client, 'r', reading)) events.push(event);
    return events;
  }

  it('is resumed behind the last line that was read, over broken connections and patient servers', async () => {
    answers = [
      (_request, response) => {
        response.writeHead(200).write(line(1) + line(2) + line(3).slice(0, 20));
        setTimeout(() => response.destroy(), 20);
      },
      (_request, response) => response.writeHead(503).end('{"code":"DATABASE_UNAVAILABLE","retryable":true}'),
      (_request, response) => response.writeHead(200).end(line(3) + finished(3)),
    ];
    const events = await read();
    expect(events.map(({ sequence, eventType }) => `${sequence} ${eventType}`)).toEqual([
      '1 step.log',
      '2 step.log',
      '3 step.log',
      '3 run.finished',
    ]);
    expect(asked).toEqual(['0', '2', '2']);
  });

  it('is read from near its end, and resumed where its tail began', async () => {
    const tail =
      'event: stream.tail\nid: 7\ndata: {"runId":"r","sequence":7,"eventType":"stream.tail","complete":true}\n\n';
    const paths: (string | undefined)[] = [];
    answers = [
      ({ url }, response) => {
        paths.push(url);
        response.writeHead(200).write(tail);
        setTimeout(() => response.destroy(), 20);
      },
      (_request, response) => response.writeHead(200).end(line(8) + finished(8)),
    ];
    const events = await read({ tail: 5, step: 's', attempt: 2 });
    expect(events.map(({ sequence, eventType }) => `${sequence} ${eventType}`)).toEqual([
      '7 stream.tail',
      '8 step.log',
      '8 run.finished',
    ]);
    expect(asked).toEqual([undefined, '7']);
    expect(new URL(paths[0] ?? '', 'http://x').search).toBe('?step=s&attempt=2&tail=5');
  });

  it('is resumed where a server that stops says so, also one that is read only as far as it goes', async () => {
    const resume =
      'event: stream.resume\nid: 2\nretry: 1\ndata: {"runId":"r","sequence":2,"eventType":"stream.resume","retryMs":1}\n\n';
    for (const follow of [true, false]) {
      asked.length = 0;
      answers = [
        (_request, response) => response.writeHead(200).end(line(1) + resume),
        (_request, response) => response.writeHead(200).end(line(3) + finished(3)),
      ];
      expect((await read({ follow })).map(({ sequence, eventType }) => `${sequence} ${eventType}`)).toEqual([
        '1 step.log',
        '3 step.log',
        '3 run.finished',
      ]);
      expect(asked).toEqual(['0', '2']);
    }
  });

  it('ends where the server says that there is no more', async () => {
    answers = [
      (_request, response) => response.writeHead(204).end(),
      (_request, response) => response.writeHead(200).end('{"runId":"r","status":"cancelled","lastLine":4}'),
    ];
    expect(await read()).toEqual([{ runId: 'r', sequence: 4, eventType: 'run.finished', status: 'cancelled' }]);
  });

  it('is not asked for again where it was refused', async () => {
    answers = [(_request, response) => response.writeHead(404).end('{"code":"RUN_NOT_FOUND","detail":"no"}')];
    await expect(read()).rejects.toMatchObject({ problem: { code: 'RUN_NOT_FOUND' } });
    expect(asked).toHaveLength(1);
  });
});
