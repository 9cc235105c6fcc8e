import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request, Response } from 'express';
import type { AuthoritySetting } from '../configuration';
import { TokenVerifier } from './token-verifier';

/** The refusal of a request with these Authorization headers. */
async function refusalOf(...authorization: readonly string[]): Promise<unknown> {
  const verifier = new TokenVerifier({ issuers: [] } as unknown as AuthoritySetting);
  const server = createServer((received, response) => {
    verifier.callerOf(received as Request, response as unknown as Response).then(
      () => response.end('{}'),
      ({ code, message }: { code: string; message: string }) => response.end(JSON.stringify({ code, message })),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const headers = authorization.flatMap((value) => ['Authorization', value]);
    const sent = request({ host: '127.0.0.1', port, agent: false, headers: ['Host', 'x', ...headers] as never }).end();
    const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part);
    return JSON.parse(Buffer.concat(parts).toString());
  } finally {
    server.close();
  }
}

const SEVERAL = { code: 'TOKEN_INVALID', message: 'the request has more than one Authorization header' };

it.each([
  ['of two tokens', 'Bearer a.b.c', 'Bearer d.e.f'],
  ['twice the same', 'Bearer a.b.c', 'Bearer a.b.c'],
  ['a token after something else', 'Basic eA==', 'Bearer a.b.c'],
])('a request with several Authorization headers is refused: %s', async (_, ...authorization) => {
  expect(await refusalOf(...authorization)).toEqual(SEVERAL);
});

it('a request with one or none is judged by it', async () => {
  expect(await refusalOf()).toMatchObject({ code: 'TOKEN_MISSING' });
  expect(await refusalOf('Bearer a.b.c')).toMatchObject({
    code: 'TOKEN_INVALID',
    message: expect.not.stringContaining('more than one'),
  });
});
