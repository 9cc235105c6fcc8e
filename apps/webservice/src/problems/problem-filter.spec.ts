import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ArgumentsHost } from '@nestjs/common';
import { CodedError } from '@taskrunner/core/foundation';
import { ProblemFilter } from './problem.filter';
import type { PublicUrl } from '../public-url';

type FilterParts = ConstructorParameters<typeof ProblemFilter>;

const filterThat = (say: () => void, outage: string | null): ProblemFilter =>
  new ProblemFilter(
    'https://runner.test' as unknown as PublicUrl,
    { log: { say }, traceId: () => 't' },
    () => outage,
    {} as FilterParts[3],
    {} as FilterParts[4],
    {} as FilterParts[5],
  );

/** The body of the answer to a request that ends with this error. */
async function answerTo(error: unknown, outage: string | null): Promise<Record<string, unknown>> {
  let body = '';
  const response = {
    hasHeader: () => false,
    setHeader: () => response,
    status: () => response,
    type: () => response,
    send: (text: string) => void (body = text),
  };
  const request = { originalUrl: '/api/runs', complete: true, get: () => undefined };
  const host = { switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }) };
  await filterThat(() => undefined, outage).catch(error, host as unknown as ArgumentsHost);
  return JSON.parse(body) as Record<string, unknown>;
}

it('an error of the database that passes is a 503 that names the reason', async () => {
  const outage = 'the disk of the database is full';
  expect(await answerTo(new Error('could not extend file "base/5/16401"'), outage)).toMatchObject({
    ...{ status: 503, code: 'DATABASE_UNAVAILABLE', title: 'The database is unavailable', detail: outage },
    retryable: true,
  });
});

it('any other error is a 500 that names nothing', async () => {
  const answer = await answerTo(new Error('secret'), null);
  expect(answer).toMatchObject({ status: 500, code: 'INTERNAL' });
  expect(JSON.stringify(answer)).not.toContain('secret');
});

it('an error of a connection with the same code names its database to nobody', async () => {
  const place = 'postgresql://taskrunner_web@db.internal/taskrunner does not respond';
  const answer = await answerTo(new CodedError('DATABASE_UNAVAILABLE', place, 'Check it.'), null);
  expect(answer).toMatchObject({ status: 503, detail: 'The database is unavailable' });
});

it('nothing is logged of a request whose connection has just been cut off: the response is told later', async () => {
  const said = jest.fn();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  get({ host: '127.0.0.1', port }).on('error', () => undefined);
  const [request, response] = (await once(server, 'request')) as readonly unknown[];
  server.close().closeAllConnections();
  const host = { switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }) };
  await filterThat(said, null).catch(new Error('the pool has ended'), host as unknown as ArgumentsHost);
  expect(said).not.toHaveBeenCalled();
});
