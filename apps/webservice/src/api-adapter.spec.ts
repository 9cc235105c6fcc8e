import 'reflect-metadata';
import { EventEmitter, once } from 'node:events';
import { IncomingMessage, ServerResponse, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { Controller, Delete, Get, Module, Patch, Post, Put } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
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
  const [of, to] = [last(requests), last(responses)];
  expect(of[0]).toBeInstanceOf(IncomingMessage);
  expect(to[0]).toBeInstanceOf(ServerResponse);
  expect(Object.getPrototypeOf(of[0])).toBe(app.request);
  expect(Object.getPrototypeOf(to[0])).toBe(app.response);
  expect(haveSameClass(...of)).toBe(true);
  expect(haveSameClass(...to)).toBe(true);
});

describe('the end of a route', () => {
  const work = new EventEmitter();

  @Controller()
  class Routes {
    @Post('long')
    async long(): Promise<string> {
      work.emit('begun');
      await once(work, 'done');
      return 'done';
    }

    @Put('fails')
    async fails(): Promise<never> {
      throw new Error('no');
    }

    @Patch()
    patched(): void {}

    @Delete()
    deleted(): void {}

    @Get()
    read(): void {}
  }

  @Module({ controllers: [Routes] })
  class Application {}

  const opened = async () => {
    const adapter = new ApiAdapter({});
    const app = await NestFactory.create(Application, adapter, { logger: false });
    const ended: string[] = [];
    adapter.whenRouteEnds(({ method, url }, { statusCode, closed }) => {
      ended.push(`${method} ${url} ${statusCode}${closed ? ', closed' : ''}`);
      work.emit('ended');
    });
    await app.listen(0, '127.0.0.1');
    return { app, ended, url: await app.getUrl() };
  };

  it('is reported for each method that may have a body, after its answer or its failure', async () => {
    const { app, ended, url } = await opened();
    try {
      for (const [method, path] of [
        ['PATCH', ''],
        ['DELETE', ''],
        ['GET', ''],
        ['PUT', 'fails'],
      ] as const)
        await (await fetch(`${url}/${path}`, { method })).text();
      expect(ended).toEqual(['PATCH / 200', 'DELETE / 200', 'PUT /fails 500']);
    } finally {
      await app.close();
    }
  });

  it('is reported when the route ends, and not when its client leaves before', async () => {
    const { app, ended, url } = await opened();
    try {
      const connected = once(app.getHttpServer() as EventEmitter, 'connection') as Promise<[Socket]>;
      const begun = once(work, 'begun');
      const sent = request(`${url}/long`, { method: 'POST' }).on('error', () => undefined);
      sent.end();
      const [[socket]] = await Promise.all([connected, begun]);
      const closed = once(socket, 'close');
      sent.destroy();
      await closed;
      expect(ended).toEqual([]);
      const end = once(work, 'ended');
      work.emit('done');
      await end;
      expect(ended).toEqual(['POST /long 201, closed']);
    } finally {
      await app.close();
    }
  });
});
