import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from './client';
import { gateIdOf, onlyOpen, runIdOf, SEARCHED_RUNS } from './run-argument';
import type { RunGateView } from './run-views';

const PAGE = 200;
const idOf = (number: number) => `run_01kb3${String(number).padStart(21, '0')}`;
const run = (number: number, requester = 'ada') => ({
  runId: idOf(number),
  status: 'succeeded',
  createdAt: '2026-01-01T00:00:00.000Z',
  pack: { name: 'scan', version: '1.0.0' },
  requester: { id: requester, name: requester },
});
const gate = (gateId: string, status = 'open') => ({ gateId, status, label: null }) as RunGateView;

// The answers are those of the API: lists are newest first, in pages. What a server answers is tested in webservice-e2e.
describe('the run that an argument names', () => {
  let server: Server;
  let client: Client;
  let runs: readonly ReturnType<typeof run>[] = [];
  let asked: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const url = new URL(request.url ?? '', 'http://server');
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const items = runs.slice(from, from + PAGE);
      const nextCursor = from + PAGE < runs.length ? String(from + PAGE) : null;
      const body = url.pathname === '/api/me' ? { person: { sub: 'ada' } } : { items, nextCursor };
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 't');
  });
  beforeEach(() => void (asked = []));
  afterAll(() => server.close());

  it('is asked of nobody if the id is complete, or if no id begins so', async () => {
    expect(await runIdOf(client, idOf(1))).toBe(idOf(1));
    expect(await runIdOf(client, 'no such run')).toBe('no such run');
    expect(asked).toEqual([]);
  });

  it('is the newest of the caller with latest, on whatever page it is', async () => {
    runs = [...Array.from({ length: 450 }, (_, i) => run(999 - i, 'grace')), run(2), run(1)];
    expect(await runIdOf(client, 'latest')).toBe(idOf(2));
  });

  it('is not found with latest if none of the searched runs is of the caller', async () => {
    runs = Array.from({ length: SEARCHED_RUNS + 500 }, (_, i) => run(9_999 - i, 'grace'));
    await expect(runIdOf(client, 'latest')).rejects.toMatchObject({
      code: 'CLI_RUN_NOT_FOUND',
      message: `you have submitted none of the newest ${SEARCHED_RUNS} runs`,
      exitCode: 4,
    });
    expect(asked).toHaveLength(1 + SEARCHED_RUNS / PAGE);
  });

  it.each([idOf(30).slice(0, -1), idOf(30).slice(4, -1), idOf(30).slice(0, -1).toUpperCase().replace('RUN_', 'run_')])(
    'is the only one that begins with %s',
    async (beginning) => {
      runs = [run(41), run(30), run(29)];
      expect(await runIdOf(client, beginning)).toBe(idOf(30));
    },
  );

  it('is searched no further than ids can match', async () => {
    runs = Array.from({ length: 1_000 }, (_, i) => run(10_000 - 10 * i));
    expect(await runIdOf(client, idOf(8_500).slice(0, -1))).toBe(idOf(8_500));
    expect(asked).toHaveLength(1);
  });

  it('is refused with the candidates if several begin so', async () => {
    runs = Array.from({ length: 30 }, (_, i) => run(30 - i));
    const refusal = await runIdOf(client, 'run_01kb').catch((error: unknown) => error as Error & { exitCode: number });
    expect(refusal).toMatchObject({ code: 'CLI_RUN_AMBIGUOUS', exitCode: 2 });
    const lines = (refusal as Error).message.split('\n');
    expect(lines).toHaveLength(12);
    expect(lines[1]).toBe(`  ${idOf(30)}  succeeded  scan 1.0.0  2026-01-01T00:00:00.000Z`);
    expect(lines.at(-1)).toBe('  …');
  });

  it('is refused if none begins so, and if the search ended before it was certain', async () => {
    runs = [run(2), run(1)];
    await expect(runIdOf(client, 'run_02')).rejects.toMatchObject({ code: 'CLI_RUN_NOT_FOUND', exitCode: 4 });
    runs = Array.from({ length: SEARCHED_RUNS + 500 }, (_, i) => run(9_999 - i));
    await expect(runIdOf(client, idOf(7_600).slice(0, -1))).rejects.toMatchObject({ code: 'CLI_RUN_NOT_FOUND' });
  });
});

describe('the gate that is meant', () => {
  it('is the named one', async () => {
    expect(await gateIdOf(null as unknown as Client, 'run_1', 'ask')).toBe('ask');
  });

  it('is the only open one if none is named', () => {
    expect(onlyOpen('run_1', [gate('a', 'approved'), gate('b'), gate('c', 'pending')])).toBe('b');
  });

  it('has to be named if none or several are open', () => {
    expect(() => onlyOpen('run_1', [gate('a', 'approved')])).toThrow(
      expect.objectContaining({ code: 'CLI_GATE_CHOICE', message: 'run_1 has no open gate' }),
    );
    expect(() => onlyOpen('run_1', [gate('a'), gate('b')])).toThrow(
      expect.objectContaining({ code: 'CLI_GATE_CHOICE', message: 'run_1 has 2 open gates:\n  a\n  b' }),
    );
  });
});
