import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Settings } from '../settings';
import { Authority } from './authority';

let http: Server;
let issuer: string;
let document: Record<string, unknown>;

beforeAll(async () => {
  http = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ issuer, ...document })),
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(() => http.close());

const begin = () => {
  const settings = { issuer, clientId: 'c', scopes: ['openid'], resource: null } as unknown as Settings;
  return new Authority(settings, 'https://runner.example.org/console/').begin('/console/', false);
};

it.each([
  ['authorization_endpoint', 'javascript:alert(1)'],
  ['authorization_endpoint', 'http://id.example.org/auth'],
  ['end_session_endpoint', 'javascript:alert(1)'],
  ['token_endpoint', 'http://id.example.org/token'],
])('no browser goes to an issuer whose %s is %s', async (name, address) => {
  document = { authorization_endpoint: 'https://id.example.org/auth', [name]: address };
  await expect(begin()).rejects.toThrow(`the issuer names an address that is not https as its ${name}`);
});

it('a sign-in leads to the authorization endpoint', async () => {
  document = { authorization_endpoint: 'https://id.example.org/auth' };
  expect((await begin()).url).toMatch(/^https:\/\/id\.example\.org\/auth\?client_id=c&/);
});
