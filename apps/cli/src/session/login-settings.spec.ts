import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { browserOf } from './browser';
import type { NamedContext } from './contexts';
import { loginSettings } from './login-settings';
import { Loopback } from './loopback';

let http: Server;
let context: NamedContext;
let page: string;

beforeAll(async () => {
  http = createServer((request, response) =>
    request.url === '/console/' && page !== '' ? response.end(page) : response.writeHead(404).end(),
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  context = { name: 'a', server, issuer: null, clientId: null, scopes: null, resource: null, session: null };
});
afterAll(() => http.close());

const settings = (text: string) => `<html><script id="settings" type="application/json">${text}</script></html>`;

describe('the issuer of a server', () => {
  it('is that of its console', async () => {
    page = settings('{"issuer":"https://id.example","resource":"urn:api","clientId":"taskrunner-console"}');
    expect(await loginSettings(context, {})).toEqual({
      issuer: 'https://id.example',
      clientId: 'taskrunner-cli',
      scopes: ['openid', 'offline_access', 'packs.read', 'packs.run', 'packs.approve'],
      resource: 'urn:api',
    });
  });

  it('is as it is stated, else as the context has it, and the server is not asked', async () => {
    page = '';
    const known = { ...context, issuer: 'https://of.context', clientId: 'c', scopes: ['s'], resource: 'r' };
    const stated = { issuer: 'https://stated', clientId: 'd', scopes: ['t'] };
    expect(await loginSettings(known, stated)).toEqual({ ...stated, resource: 'r' });
    expect(await loginSettings(known, {})).toMatchObject({
      issuer: 'https://of.context',
      clientId: 'c',
      scopes: ['s'],
    });
  });

  it.each(['', '<html></html>', settings('{'), settings('{"issuer":null}'), settings('[]')])(
    'is not known from the page %j',
    async (text) => {
      page = text;
      await expect(loginSettings(context, {})).rejects.toMatchObject({ code: 'CLI_LOGIN_UNKNOWN', exitCode: 2 });
    },
  );

  it('is not known if the server does not respond', async () => {
    const away = { ...context, server: 'http://127.0.0.1:1' };
    await expect(loginSettings(away, {})).rejects.toMatchObject({ code: 'CLI_SERVER_UNREACHABLE', exitCode: 10 });
  });
});

describe('the answer of a browser', () => {
  it('is the first request to the redirect address that has one, and nothing else', async () => {
    const loopback = await Loopback.listen(new AbortController().signal);
    const { origin } = new URL(loopback.address);
    const statuses: number[] = [];
    for (const path of ['/', '/favicon.ico', '/callback', '/other?code=1', '/callback?code=2&state=s'])
      statuses.push((await fetch(`${origin}${path}`)).status);
    expect(statuses).toEqual([404, 404, 404, 404, 200]);
    expect((await loopback.answer).search).toBe('?code=2&state=s');
    loopback.close();
    await expect(fetch(loopback.address)).rejects.toThrow('fetch failed');
  });

  it('is not waited for after the time is over', async () => {
    const over = new AbortController();
    const loopback = await Loopback.listen(over.signal);
    over.abort();
    await expect(loopback.answer).rejects.toMatchObject({ code: 'CLI_LOGIN_FAILED', exitCode: 3 });
    loopback.close();
  });
});

describe('the browser', () => {
  it.each<[NodeJS.Platform, Record<string, string>, readonly string[] | null]>([
    ['linux', {}, null],
    ['linux', { DISPLAY: ':0' }, ['xdg-open']],
    ['linux', { WAYLAND_DISPLAY: 'w' }, ['xdg-open']],
    ['linux', { BROWSER: '/opt/b' }, ['/opt/b']],
    ['darwin', {}, ['open']],
    ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler']],
  ])('on %s with %j is %j', (platform, env, browser) => {
    expect(browserOf(platform, env)).toEqual(browser);
  });
});
