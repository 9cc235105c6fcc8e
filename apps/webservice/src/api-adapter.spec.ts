import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import type { Express, Request, Response } from 'express';
import { ApiAdapter } from './api-adapter';

// V8's own test of hidden classes.
setFlagsFromString('--allow-natives-syntax');
// The compiler does not know this syntax.
// oxlint-disable-next-line typescript/no-implied-eval
const haveSameClass = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean;
setFlagsFromString('--no-allow-natives-syntax');

it('gives messages their prototypes before Express does, so that all of them share one hidden class', async () => {
  const adapter = new ApiAdapter({});
  adapter.initHttpServer();
  const app = adapter.getInstance<Express>();
  const [requests, responses]: [Request[], Response[]] = [[], []];
  app.use((request, response) => {
    requests.push(request);
    responses.push(response);
    response.status(200).json({ host: request.get('host'), path: request.path });
  });
  const server = adapter.getHttpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    // V8 decides about the size of instances after the first ones.
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(`http://${host}/there`);
      expect(await answer.json()).toEqual({ host, path: '/there' });
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
  const last = <Value extends object>(values: readonly Value[]): readonly [Value, Value] => {
    const [a, b] = values.slice(-2);
    if (!a || !b) throw new Error('no messages');
    return [a, b];
  };
  const [request, response] = [last(requests), last(responses)];
  expect(request[0]).toBeInstanceOf(IncomingMessage);
  expect(response[0]).toBeInstanceOf(ServerResponse);
  expect(Object.getPrototypeOf(request[0])).toBe(app.request);
  expect(Object.getPrototypeOf(response[0])).toBe(app.response);
  expect(haveSameClass(...request)).toBe(true);
  expect(haveSameClass(...response)).toBe(true);
});
