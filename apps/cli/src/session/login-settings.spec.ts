import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { browserOf } from './browser';
import type { NamedContext } from './contexts';
import { loginSettings } from './login-settings';

let http: Server;
let context: NamedContext;
let page: string;
/** The body of a 404. */
let refusal = '';

beforeAll(async () => {
  http = createServer((request, response) =>
    request.url === '/console/' && page !== '' ? response.end(page) : response.writeHead(404).end(refusal),
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  context = { name: 'a', server, issuer: null, clientId: null, scopes: null, resource: null, session: null };
});
afterAll(() => http.close());

const settings = (text: string) => `<html><script id="settings" type="application/json">${text}</script></html>`;

describe('the issuer of a server', () => {
  it('is that of its console', async () => {
    page = settings('{"issuer":"https://id.example","resource":null,"clientId":"taskrunner-console"}');
    const facts = {
      issuer: 'https://id.example',
      clientId: 'taskrunner-cli',
      scopes: ['openid', 'offline_access', 'packs.read', 'packs.run', 'packs.approve'],
      resource: null,
    };
    expect(await loginSettings(context, {})).toEqual({ facts, trust: 'server' });
    const resource = `${context.server}/api`;
    page = settings(`{"issuer":"https://id.example","resource":"${resource}"}`);
    expect(await loginSettings(context, {})).toEqual({ facts: { ...facts, resource }, trust: 'resource' });
    // A resource that is another server's does not tie the token to this one, whoever states it.
    expect(await loginSettings(context, { resource: 'urn:api' })).toMatchObject({ trust: 'server' });
  });

  it.each(['urn:api', 'https://other.example', 'https://other.example\\nhelp: x'])(
    'is not believed with the resource %s, which is not that of the server',
    async (resource) => {
      page = settings(`{"issuer":"https://id.example","resource":"${resource}"}`);
      for (const stated of [{}, { resource: context.server }])
        await expect(loginSettings(context, stated)).rejects.toMatchObject({
          code: 'CLI_LOGIN_UNTRUSTED',
          exitCode: 3,
          message: expect.not.stringContaining('\n'),
        });
      expect(await loginSettings(context, { issuer: 'https://id.example', resource: 'urn:api' })).toMatchObject({
        facts: { resource: 'urn:api' },
        trust: 'chosen',
      });
    },
  );

  it('is as it is stated, else as the context has it, and the server is not asked', async () => {
    page = '';
    const known = { ...context, issuer: 'https://of.context', clientId: 'c', scopes: ['s'], resource: 'r' };
    const stated = { issuer: 'https://stated', clientId: 'd', scopes: ['t'] };
    // The resource is that of the other issuer.
    expect(await loginSettings(known, stated)).toEqual({ facts: { ...stated, resource: null }, trust: 'chosen' });
    const { issuer, clientId, scopes, resource } = known;
    expect(await loginSettings(known, {})).toEqual({ facts: { issuer, clientId, scopes, resource }, trust: 'chosen' });
  });

  it.each(['', '<html></html>', settings('{'), settings('{"issuer":null}'), settings('[]')])(
    'is not known from the page %j',
    async (text) => {
      page = text;
      await expect(loginSettings(context, {})).rejects.toMatchObject({ code: 'CLI_LOGIN_UNKNOWN', exitCode: 2 });
    },
  );

  it.each([
    ['CONSOLE_NOT_BUILT', 'is not built', 'npx nx build console'],
    ['CONSOLE_DISABLED', 'is disabled', '--issuer'],
  ])('is not known where the console answers %s, which is said', async (code, said, help) => {
    page = '';
    refusal = JSON.stringify({ status: 404, code });
    await expect(loginSettings(context, {})).rejects.toMatchObject({
      code: 'CLI_LOGIN_UNKNOWN',
      message: expect.stringContaining(said),
      remediation: expect.stringContaining(help),
    });
    refusal = '';
  });

  it('is not known if the server does not respond', async () => {
    const away = { ...context, server: 'http://127.0.0.1:2' };
    await expect(loginSettings(away, {})).rejects.toMatchObject({ code: 'CLI_SERVER_UNREACHABLE', exitCode: 10 });
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
