import type { LogLine } from '@taskrunner/client';
import { answeredClient, eventStream, queryOf } from '../../testing/answered-client';
import { readLog } from './log-stream';

const line = (sequence: number): [number, object] => [
  sequence,
  { sequence, timestamp: '2026-11-29T12:00:00.000Z', eventType: 'step.log', message: `line ${sequence}` },
];
const finished: [number, object] = [9, { sequence: 9, timestamp: '', eventType: 'run.finished', status: 'succeeded' }];

/** A server that gives these answers in turn: events, a refusal, or a lost connection. */
function server(...answers: (readonly [number, object][] | number | 'lost')[]) {
  const asked: Readonly<Record<string, string>>[] = [];
  const client = answeredClient((request) => {
    if (!request.url.includes('/logs')) return Response.json({ lastLine: 1, status: 'succeeded', finishedAt: '' });
    asked.push(queryOf(request));
    const answer = answers[asked.length - 1] ?? 204;
    if (answer === 'lost') throw new TypeError('fetch failed');
    if (typeof answer !== 'number') return eventStream(answer);
    return answer === 204
      ? new Response(null, { status: 204 })
      : Response.json({ code: 'SCOPE_MISSING', detail: 'd', retryable: false }, { status: answer });
  });
  return { asked, client };
}

async function read(
  { asked, client }: ReturnType<typeof server>,
  follow = true,
  place: { after: number } | { tail: number } = { after: 0 },
) {
  const batches: (readonly number[])[] = [];
  const connections: boolean[] = [];
  const tails: number[] = [];
  const stopping = new AbortController();
  const reading = readLog(client, {
    runId: 'run_1',
    from: place,
    filter: {},
    follow,
    signal: stopping.signal,
    onTail: (after) => void tails.push(after),
    onLines: (some: readonly LogLine[]) => void batches.push(some.map(({ sequence }) => sequence)),
    onConnection: (isConnected) => void connections.push(isConnected),
  });
  await reading.catch(() => undefined);
  return { batches, lines: batches.flat(), connections, tails, reading, afters: asked.map(({ after }) => after) };
}

it('ends with the run, and gives lines together that have come together', async () => {
  const { batches, afters } = await read(server([line(1), line(2), finished]));
  expect([batches, afters]).toEqual([[[1, 2]], ['0']]);
});

it('shows a lost connection, and none where a service that stops asks it to come back', async () => {
  const resume: [number, object] = [
    4,
    { eventType: 'stream.resume', sequence: 4, timestamp: '', after: 4, retryMs: 1 },
  ];
  const { lines, afters, connections } = await read(
    server([line(1), line(2)], 'lost', [line(3), resume], [line(5), finished]),
  );
  expect([lines, afters]).toEqual([
    [1, 2, 3, 5],
    ['0', '2', '2', '4'],
  ]);
  expect(connections).toEqual([true, false, false, true, true]);
});

it('ends with an error that another try does not mend', async () => {
  const denied = await read(server(403));
  expect(denied.afters).toHaveLength(1);
  await expect(denied.reading).rejects.toMatchObject({ code: 'SCOPE_MISSING' });
});

it('asks once where it does not follow', async () => {
  expect((await read(server([line(1)], [line(2)]), false)).lines).toEqual([1]);
});

it('begins with the last lines, and says after which', async () => {
  const tail: [number, object] = [
    6,
    { eventType: 'stream.tail', sequence: 6, timestamp: '', after: 6, complete: true },
  ];
  const answers = server([tail, line(7), line(8), finished]);
  const { lines, tails } = await read(answers, true, { tail: 2 });
  expect([lines, tails, answers.asked]).toEqual([[7, 8], [6], [{ tail: '2' }]]);
});

it('gives nothing after it was stopped', async () => {
  const lines: unknown[] = [];
  const stopping = new AbortController();
  await readLog(server([line(1)], [line(2)]).client, {
    ...{ runId: 'run_1', from: { after: 0 }, filter: {}, follow: true, signal: stopping.signal },
    onLines: (some) => {
      lines.push(...some);
      stopping.abort();
    },
    onConnection: () => undefined,
  });
  expect(lines).toHaveLength(1);
});
