import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { ClientError } from '@taskrunner/client';
import { readAgain } from './read-again';

/** A page that shows one query, whose reads fail as long as `isDown`. */
async function page(name: string) {
  const queries = new QueryClient();
  const server: { isDown: boolean; reads: number; error: Error } = {
    ...{ isDown: false, reads: 0, error: new Error('refused') },
  };
  const queryFn = async (): Promise<number> => {
    server.reads += 1;
    if (server.isDown) throw server.error;
    return server.reads;
  };
  const read = { queryKey: [name], queryFn, retry: false, staleTime: Infinity, networkMode: 'always' as const };
  const stop = new QueryObserver(queries, read).subscribe(() => undefined);
  await queries.fetchQuery(read);
  return { queries, server, stop };
}

it('reads what is shown, and says that it is whole', async () => {
  const { queries, server, stop } = await page('runs');
  const before = server.reads;
  expect(await readAgain(queries)).toBe('whole');
  expect(server.reads).toBe(before + 1);
  stop();
});

it('reads nothing that is not shown', async () => {
  const { queries, server, stop } = await page('runs');
  stop();
  const before = server.reads;
  expect(await readAgain(queries)).toBe('whole');
  expect(server.reads).toBe(before);
});

it('says that a part could not be read, and whether another try may help', async () => {
  const { queries, server, stop } = await page('runs');
  server.isDown = true;
  expect(await readAgain(queries)).toBe('refused');
  server.error = new ClientError('CLIENT_SERVER_UNREACHABLE', 'no answer', 'Try again.');
  expect(await readAgain(queries)).toBe('unreached');
  stop();
});

it('reads only what could not be read, if the rest was read a moment ago', async () => {
  const { queries, server, stop } = await page('runs');
  const before = server.reads;
  expect(await readAgain(queries, true)).toBe('whole');
  expect(server.reads).toBe(before);
  server.isDown = true;
  await readAgain(queries);
  server.isDown = false;
  expect(await readAgain(queries, true)).toBe('whole');
  expect(server.reads).toBe(before + 2);
  stop();
});

it('reads a bundle, which never changes, only if it could not be read', async () => {
  const { queries, server, stop } = await page('bundle');
  const before = server.reads;
  expect(await readAgain(queries)).toBe('whole');
  expect(server.reads).toBe(before);
  server.isDown = true;
  await queries.refetchQueries();
  server.isDown = false;
  expect(await readAgain(queries)).toBe('whole');
  expect(server.reads).toBe(before + 2);
  stop();
});
