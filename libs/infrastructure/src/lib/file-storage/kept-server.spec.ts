import type { EmbeddedPostgres, ServerExit } from '../embedded-postgres';
import { KeptServer } from './kept-server';

const KILLED: ServerExit = { code: null, signal: 'SIGKILL' };
const STOPPED: ServerExit = { code: 0, signal: null };

/** A server that ends when it is told to. */
function someServer(startLog: readonly string[] = []) {
  let end: (exit: ServerExit) => void = () => undefined;
  const exited = new Promise<ServerExit>((resolve) => (end = resolve));
  const stop = jest.fn(async () => end(STOPPED));
  const server = { exited, stop, startLog, socketFolder: '/somewhere' } as unknown as EmbeddedPostgres;
  return { server, stop, kill: () => end(KILLED) };
}

/** A kept server, whose successors are these. */
function kept(...successors: readonly (ReturnType<typeof someServer> | Error)[]) {
  const first = someServer();
  const said: string[] = [];
  const left = [...successors];
  const clock = { ms: 0 };
  const start = jest.fn(async () => {
    const next = left.shift();
    if (next === undefined || next instanceof Error) throw next ?? new Error('there is no further server');
    return next.server;
  });
  const server = new KeptServer(
    first.server,
    start,
    {
      onEnded: ({ signal }) => said.push(`ended ${signal}`),
      onRestarted: () => said.push('restarted'),
      onLost: ({ message }) => said.push(`lost: ${message}`),
    },
    () => clock.ms,
  );
  const until = async (wanted: number): Promise<void> => {
    while (said.length < wanted) await new Promise((resolve) => setImmediate(resolve));
  };
  return { first, server, said, start, clock, until };
}

it('is started again where it was, and is stopped once', async () => {
  const second = someServer();
  const { first, server, said, start, until } = kept(second);
  first.kill();
  await until(2);
  expect(said).toEqual(['ended SIGKILL', 'restarted']);
  expect(start).toHaveBeenCalledWith(first.server);
  await Promise.all([server.stop(), server.stop()]);
  expect([second.stop.mock.calls.length, await server.ended, said.length]).toEqual([1, STOPPED, 2]);
});

it('is lost if it ends again within a minute, and not if it ends later', async () => {
  const [second, third] = [someServer(), someServer()];
  const { first, server, said, clock, until } = kept(second, third);
  first.kill();
  await until(2);
  clock.ms = 60_000;
  second.kill();
  await until(4);
  clock.ms += 59_999;
  third.kill();
  expect(await server.ended).toEqual(KILLED);
  expect(said.slice(3)).toEqual(['restarted', 'ended SIGKILL', 'lost: it has ended twice within a minute']);
});

it('is lost if it does not start', async () => {
  const { first, server, said } = kept(new Error('No space left on device'));
  first.kill();
  expect(await server.ended).toEqual(KILLED);
  expect(said).toEqual(['ended SIGKILL', 'lost: No space left on device']);
  await server.stop();
});

it('is lost if its log was damaged, because commits may be missing that this process knows', async () => {
  const second = someServer(['2026-11-29 21:00:00 UTC [7] LOG:  invalid magic number D123 in WAL segment 0001']);
  const { first, server, said } = kept(second);
  first.kill();
  expect(await server.ended).toEqual(KILLED);
  expect([second.stop.mock.calls.length, said[1]]).toEqual([
    1,
    'lost: its log is damaged: invalid magic number D123 in WAL segment 0001',
  ]);
});

it('is stopped after a start that was under way', async () => {
  const second = someServer();
  const { first, server, said, until } = kept(second);
  first.kill();
  await until(1);
  await server.stop();
  expect([second.stop.mock.calls.length, await server.ended, said]).toEqual([
    1,
    STOPPED,
    ['ended SIGKILL', 'restarted'],
  ]);
});
