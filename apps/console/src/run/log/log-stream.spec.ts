import { ApiProblem } from '../../api/problem';
import type { LogLine } from '../../api/views';
import { readLog } from './log-stream';

type Asked = Parameters<Parameters<typeof readLog>[0]['ask']>;

const line = (sequence: number): object => ({
  sequence,
  timestamp: '2026-11-29T12:00:00.000Z',
  eventType: 'step.log',
  message: `line ${sequence}`,
});
const finished = { sequence: 9, timestamp: '2026-11-29T12:00:00.000Z', eventType: 'run.finished', status: 'succeeded' };

/** A server that gives these answers in turn: events, cut where it says so, or a refusal. */
function server(...answers: (readonly object[] | ApiProblem | 204)[]) {
  const asked: Asked[] = [];
  return {
    asked,
    ask: async (...request: Asked): Promise<Response> => {
      asked.push(request);
      const answer = answers[asked.length - 1] ?? 204;
      if (ApiProblem.is(answer)) throw answer;
      if (answer === 204) return new Response(null, { status: 204 });
      return new Response(answer.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
    },
  };
}

async function read(
  from: ReturnType<typeof server>,
  follow = true,
  place: { readonly after: number } | { readonly tail: number } = { after: 0 },
) {
  const lines: number[] = [];
  const connections: boolean[] = [];
  const reading = readLog(from, {
    runId: 'run_1',
    from: place,
    filter: {},
    follow,
    signal: new AbortController().signal,
    onLines: (some: readonly LogLine[]) => void lines.push(...some.map(({ sequence }) => sequence)),
    onConnection: (isConnected) => void connections.push(isConnected),
  });
  await Promise.race([reading.catch(() => undefined), jest.advanceTimersByTimeAsync(120_000)]);
  return { lines, connections, reading, afters: from.asked.map(([, asking]) => asking?.query?.['after']) };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('ends with the run', async () => {
  const { lines, afters } = await read(server([line(1), line(2), finished]));
  expect([lines, afters]).toEqual([[1, 2], [0]]);
});

it('goes on where it was after a stream that ended early, a lost connection, and a service that stops', async () => {
  const resume = { eventType: 'stream.resume', sequence: 4, timestamp: '', after: 4, retryMs: 300 };
  const lost = new ApiProblem(0, 'UNREACHABLE', 'The server cannot be reached.');
  const { lines, afters, connections } = await read(
    server([line(1), line(2)], lost, [line(3), resume], [line(5), finished]),
  );
  expect(lines).toEqual([1, 2, 3, 5]);
  expect(afters).toEqual([0, 2, 2, 4]);
  expect(connections).toEqual([true, false, true, true]);
});

it('ends at the end of a log that has ended, and with an error that another try does not mend', async () => {
  expect((await read(server([line(1)], 204))).afters).toEqual([0, 1]);
  const denied = await read(server(new ApiProblem(403, 'SCOPE_MISSING', 'the token lacks the scope packs.read')));
  expect(denied.afters).toHaveLength(1);
  await expect(denied.reading).rejects.toMatchObject({ code: 'SCOPE_MISSING' });
});

it('asks once where it does not follow', async () => {
  expect((await read(server([line(1)], [line(2)]), false)).lines).toEqual([1]);
});

it('begins with the last lines, and goes on after them', async () => {
  const tail = { eventType: 'stream.tail', sequence: 6, timestamp: '', after: 6, complete: true };
  const answers = server([tail], [line(7), line(8)], [finished]);
  expect((await read(answers, true, { tail: 2 })).lines).toEqual([7, 8]);
  // The stream was cut before the first line of the tail: the tail is not asked for again.
  const queries = answers.asked.map(([, asking]) => [asking?.query?.['tail'], asking?.query?.['after']]);
  expect(queries).toEqual([
    [2, undefined],
    [undefined, 6],
    [undefined, 8],
  ]);
});
