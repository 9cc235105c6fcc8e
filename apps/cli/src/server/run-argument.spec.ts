import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunGateView } from './run-views';
import { gateIdOf, onlyOpen, runIdOf, SEARCHES } from './run-argument';
import { Server } from './server';

const idOf = (number: number) => `run_01kb3${String(number).padStart(21, '0')}`;
const run = (number: number, requester = 'ada') => ({
  runId: idOf(number),
  status: 'succeeded',
  createdAt: '2026-01-01T00:00:00.000Z',
  pack: { name: 'scan', version: '1.0.0' },
  requester: { id: requester, name: requester },
});
const REFUSALS = { 404: 'RUN_NOT_FOUND', 403: 'SCOPE_MISSING' } as const;
const gate = (gateId: string, status = 'open') =>
  ({ gateId, status, label: null, gateDigest: status === 'pending' ? null : 'sha256:1' }) as RunGateView;

// The answers are those of the API: lists are newest first, in pages, and a page may be empty. What a server answers is tested in
// webservice-e2e.
describe('the run that an argument names', () => {
  let http: HttpServer;
  let server: Server;
  let runs: readonly ReturnType<typeof run>[] = [];
  let asked: string[] = [];
  /** Number of runs that the server searches for one page. */
  let searched = 1_000;
  let refusal: keyof typeof REFUSALS = 404;

  beforeAll(async () => {
    http = createServer((request, response) => {
      asked.push(request.url ?? '');
      const { searchParams, pathname } = new URL(request.url ?? '', 'http://server');
      if (pathname !== '/api/runs') {
        const known = runs.find(({ runId }) => pathname === `/api/runs/${runId}`);
        const problem = { type: 'about:blank', title: 'no', status: 404, code: 'RUN_NOT_FOUND', detail: 'no such run' };
        response.writeHead(known === undefined ? refusal : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(known ?? { ...problem, status: refusal, code: REFUSALS[refusal] }));
        return;
      }
      const from = Number(searchParams.get('cursor') ?? 0);
      const beginning = searchParams.get('q') ?? '';
      const limit = Number(searchParams.get('limit'));
      const items = runs
        .slice(from, from + searched)
        .filter(({ runId }) => runId.startsWith(beginning) || runId.endsWith(beginning))
        .filter(({ requester }) => searchParams.get('requester') !== 'me' || requester.id === 'ada')
        .slice(0, limit);
      const nextCursor = from + searched < runs.length ? String(from + searched) : null;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ items, nextCursor }));
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    server = new Server(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, async () => 't');
  });
  beforeEach(() => {
    asked = [];
    searched = 1_000;
    refusal = 404;
  });
  afterAll(() => http.close());

  it('is asked for if the id is complete; a mistyped one gets the nearest id', async () => {
    runs = [run(70), run(1)];
    expect(await runIdOf(server, idOf(1))).toBe(idOf(1));
    expect(asked).toEqual([`/api/runs/${idOf(1)}`]);
    const mistyped = `${idOf(70).slice(0, -1)}9`;
    await expect(runIdOf(server, mistyped)).rejects.toMatchObject({
      code: 'CLI_RUN_NOT_FOUND',
      message: `there is no run ${mistyped}`,
      remediation: expect.stringContaining(`Did you mean ${idOf(70)}?`),
      exitCode: 4,
    });
    // What the caller may not read is left to the command, which may need another scope.
    refusal = 403;
    expect(await runIdOf(server, mistyped)).toBe(mistyped);
  });

  it('is asked of nobody if no id begins so', async () => {
    const help = 'Name a run: its id, the beginning or the end of its id, or latest.';
    for (const [written, remediation] of [
      ['no such run', help],
      ['latst', `Did you mean latest? ${help}`],
      ['Latest', `Did you mean latest? ${help}`],
    ] as const)
      await expect(runIdOf(server, written)).rejects.toMatchObject({
        code: 'CLI_RUN_NOT_FOUND',
        message: `${written} is not a run id`,
        remediation,
        exitCode: 4,
      });
    expect(asked).toEqual([]);
  });

  it('is the newest of the caller with latest, found by the server', async () => {
    runs = [...Array.from({ length: 450 }, (_, i) => run(999 - i, 'grace')), run(2), run(1)];
    expect(await runIdOf(server, 'latest')).toBe(idOf(2));
    expect(asked).toEqual(['/api/runs?limit=1&requester=me']);
  });

  it('is not found with latest if no run is of the caller, or if the search ended before', async () => {
    runs = [run(9, 'grace')];
    await expect(runIdOf(server, 'latest')).rejects.toMatchObject({
      code: 'CLI_RUN_NOT_FOUND',
      message: 'you have submitted no run',
      exitCode: 4,
    });
    searched = 10;
    runs = Array.from({ length: 500 }, (_, i) => run(9_999 - i, 'grace'));
    asked = [];
    await expect(runIdOf(server, 'latest')).rejects.toMatchObject({ message: 'none of the newest runs is yours' });
    expect(asked).toHaveLength(SEARCHES);
  });

  it.each([idOf(30).slice(0, -1), idOf(30).slice(4, -1), idOf(30).slice(0, -1).toUpperCase().replace('RUN_', 'run_')])(
    'is the only one that begins with %s',
    async (beginning) => {
      runs = [run(41), run(30), run(29)];
      expect(await runIdOf(server, beginning)).toBe(idOf(30));
      expect(asked).toEqual([`/api/runs?limit=200&q=${idOf(30).slice(0, -1)}`]);
    },
  );

  it('is the only one that ends so, if none begins so', async () => {
    runs = [run(41), run(30), { ...run(29), runId: `run_02kb3${'0'.repeat(19)}30` }];
    expect(await runIdOf(server, idOf(41).slice(-8).toUpperCase())).toBe(idOf(41));
    await expect(runIdOf(server, idOf(30).slice(-8))).rejects.toMatchObject({
      code: 'CLI_RUN_AMBIGUOUS',
      message: expect.stringMatching(/^several runs have an id that ends with 00000030:/),
    });
    // A shorter text is no end.
    await expect(runIdOf(server, '0000041')).rejects.toMatchObject({ code: 'CLI_RUN_NOT_FOUND' });
  });

  it('is refused with the candidates if several begin so', async () => {
    runs = Array.from({ length: 30 }, (_, i) => run(30 - i));
    const refusal = await runIdOf(server, 'run_01kb').catch((error: unknown) => error as Error & { exitCode: number });
    expect(refusal).toMatchObject({ code: 'CLI_RUN_AMBIGUOUS', exitCode: 2 });
    const lines = (refusal as Error).message.split('\n');
    expect(lines).toHaveLength(12);
    expect(lines[1]).toBe(`  ${idOf(30)}  succeeded  scan 1.0.0  2026-01-01T00:00:00.000Z`);
    expect(lines.at(-1)).toBe('  …');
  });

  it('is refused if none begins so, and if the search ended before it was certain', async () => {
    runs = [run(2), run(1)];
    await expect(runIdOf(server, 'run_02')).rejects.toMatchObject({
      code: 'CLI_RUN_NOT_FOUND',
      exitCode: 4,
      remediation: 'Write the full id of the run, its last 8 characters or latest. `taskrunner list` prints the ids.',
    });
    expect(asked).toEqual(['/api/runs?limit=200&q=run_02', '/api/runs?limit=200']);
    searched = 10;
    runs = Array.from({ length: 500 }, (_, i) => run(9_999 - i));
    await expect(runIdOf(server, idOf(7_600).slice(0, -1))).rejects.toMatchObject({ code: 'CLI_RUN_NOT_FOUND' });
  });

  it.each([
    ['another character', '01kx30000', true],
    ['a character too many', 'run_01kbb30000', true],
    ['a character too few', '01K3000', true],
    ['two neighbours that are swapped', '01bk3', true],
    ['two mistakes', '01xx3', false],
  ])('names the nearest id: %s', async (_, written, isNear) => {
    runs = [run(70)];
    const help = 'Write the full id of the run, its last 8 characters or latest. `taskrunner list` prints the ids.';
    await expect(runIdOf(server, written)).rejects.toMatchObject({
      message: `no run has an id that begins with ${written}`,
      remediation: isNear ? `Did you mean ${idOf(70)}? ${help}` : help,
    });
    runs = [run(71), run(70)];
    await expect(runIdOf(server, written)).rejects.toMatchObject({ remediation: help });
  });

  it('names latest, which could be a beginning without its first letter', async () => {
    runs = [];
    await expect(runIdOf(server, 'atest')).rejects.toMatchObject({
      remediation: expect.stringMatching(/^Did you mean latest\? /),
    });
  });
});

describe('the gate that is meant', () => {
  it('is the named one', async () => {
    expect(await gateIdOf(null as unknown as Server, 'run_1', 'ask')).toBe('ask');
  });

  it('is the only open one if none is named', () => {
    expect(onlyOpen('run_1', [gate('a', 'approved'), gate('b'), gate('c', 'pending')])).toBe('b');
  });

  it('is the only one that was open, if none is', () => {
    expect(onlyOpen('run_1', [gate('a', 'approved'), gate('b', 'pending')])).toBe('a');
  });

  it('has to be named if none or several are open', () => {
    expect(() => onlyOpen('run_1', [gate('a', 'approved'), gate('b', 'rejected')])).toThrow(
      expect.objectContaining({ code: 'CLI_GATE_CHOICE', message: 'run_1 has no open gate' }),
    );
    expect(() => onlyOpen('run_1', [gate('a'), gate('b')])).toThrow(
      expect.objectContaining({ code: 'CLI_GATE_CHOICE', message: 'run_1 has 2 open gates:\n  a\n  b' }),
    );
  });
});
