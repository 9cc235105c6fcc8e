import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DevStack, ROOT, type Ran } from '../stack/stack';

// People sign in at the Authority of the stack, which is a real OpenID Connect server. Their browser is a program that fills in its forms.

interface Stored {
  readonly current: string;
  readonly contexts: Readonly<Record<string, { readonly session: Session | null }>>;
}
interface Session {
  readonly access: string;
  readonly refresh: string;
  readonly expiresAt: number;
}

const LOGIN = pathToFileURL(join(ROOT, 'tools/dev-authority/login.mjs')).href;

/** A server of an attacker, on loopback. */
async function listening(answer: RequestListener): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

describe('signing in on the command line', () => {
  let folder: string;
  let path: string;
  let stack: DevStack;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-login-'));
    path = join(folder, 'taskrunner/contexts.json');
    stack = await DevStack.shared('plain');
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** A browser in which a person signs in. */
  const browser = (login: string): string => {
    const program = join(folder, `browser-of-${login}.mjs`);
    const script = `import { signInAt } from '${LOGIN}';\nawait signInAt(process.argv[2], { login: '${login}' });\n`;
    writeFileSync(program, `#!${process.execPath}\n${script}`, { mode: 0o700 });
    return program;
  };
  const cli = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    stack.taskrunner(args, { XDG_CONFIG_HOME: folder, ...env });
  const stored = (): Stored => JSON.parse(readFileSync(path, 'utf8')) as Stored;
  const sessionOf = (name: string): Session => stored().contexts[name]?.session as Session;
  /** As if so much time had passed. */
  const expire = (name: string): void => {
    const { contexts, ...rest } = stored();
    const context = contexts[name];
    const session = { ...context?.session, expiresAt: 1 };
    writeFileSync(path, JSON.stringify({ ...rest, contexts: { ...contexts, [name]: { ...context, session } } }));
  };

  it('leads to an issuer, keeps tokens private, and prints none', async () => {
    const issuer = ['--issuer', stack.issuer];
    const args = ['login', '--server', stack.server, '--context', 'here', ...issuer, '--output', 'json'];
    const login = await cli(args, { BROWSER: browser('ada') });
    expect(login.status).toBe(0);
    expect(JSON.parse(login.stdout)).toMatchObject({
      ...{ context: 'here', server: stack.server, issuer: stack.issuer, clientId: 'taskrunner-cli', tenant: 'acme' },
      ...{ person: { sub: 'ada' }, scopes: ['packs.read', 'packs.run'], isRenewed: true },
    });
    const [place, address] = login.stderr.split('\n');
    expect(place).toBe(`Sign-in at ${stack.issuer} for the server ${stack.server}`);
    expect(address).toMatch(/^Open this address in a browser on this machine: http:\/\/127\.0\.0\.1:\d+\/auth\?/);
    expect([stored().current, statSync(path).mode & 0o777]).toEqual(['here', 0o600]);
    const { access, refresh } = sessionOf('here');
    const shown = [login, await cli(['whoami']), await cli(['context', 'list', '--output', 'json'])];
    expect(JSON.parse((await cli(['whoami', '--output', 'json'])).stdout)).toMatchObject({ person: { sub: 'ada' } });
    for (const secret of [access, refresh])
      for (const { stdout, stderr } of shown) expect(`${stdout}${stderr}`).not.toContain(secret);
  }, 60_000);

  it('is renewed by one of several commands at the same time', async () => {
    const before = sessionOf('here');
    expire('here');
    const all = await Promise.all([1, 2, 3].map(() => cli(['whoami', '--output', 'json'])));
    expect(all.map(({ status, stderr }) => [status, stderr])).toEqual([1, 2, 3].map(() => [0, '']));
    const after = sessionOf('here');
    expect(after.refresh).not.toBe(before.refresh);
    // The Authority ends a sign-in whose refresh token is used twice.
    expire('here');
    expect((await cli(['whoami'])).status).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }, 60_000);

  it('has a context for each person, and options before variables before the current one', async () => {
    const args = ['login', '--server', stack.server, '--context', 'grace', '--issuer', stack.issuer];
    expect((await cli(args, { BROWSER: browser('grace') })).status).toBe(0);
    const who = async (more: readonly string[], env = {}): Promise<string> => {
      const { stdout } = await cli(['whoami', '--output', 'json', ...more], env);
      return (JSON.parse(stdout) as { person: { sub: string } }).person.sub;
    };
    expect(await who([])).toBe('grace');
    expect(await who([], { TASKRUNNER_CONTEXT: 'here' })).toBe('ada');
    expect(await who(['--context', 'grace'], { TASKRUNNER_CONTEXT: 'here' })).toBe('grace');
    expect(await who([], { TASKRUNNER_TOKEN: await stack.tokenFor('linus') })).toBe('linus');
    expect((await cli(['context', 'add', 'test', '--server', 'https://test.example.org'])).status).toBe(0);
    expect(await cli(['list', '--context', 'test'])).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/^CLI_TOKEN_MISSING nobody is signed in to the context test\n/),
    });
    expect((await cli(['context', 'remove', 'test'])).status).toBe(0);
    expect((await cli(['context', 'use', 'here'])).status).toBe(0);
    expect(await who([])).toBe('ada');
  }, 60_000);

  it('ends when its context is changed to another issuer, which gets none of its tokens', async () => {
    const asked: string[] = [];
    const other = await listening((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404).end();
    });
    const before = readFileSync(path, 'utf8');
    const same = ['context', 'add', 'here', '--server', stack.server, '--output', 'json'];
    expect(await cli([...same, '--issuer', stack.issuer])).toMatchObject({ status: 0, stderr: '' });
    expect(sessionOf('here')).not.toBeNull();
    const changed = await cli([...same, '--issuer', other.url]);
    expect(JSON.parse(changed.stdout)).toMatchObject({ issuer: other.url, isSignedIn: false });
    expect(changed.stderr).toMatch(/^the sign-in of here has ended, because /);
    expect(await cli(['whoami', '--context', 'here'])).toMatchObject({ status: 3 });
    expect(asked).toEqual([]);
    writeFileSync(path, before);
    other.close();
  }, 60_000);

  it.each([
    ['no resource', () => null],
    ['a resource that is not its own', () => 'urn:taskrunner:api'],
    ['the resource of the server that is meant', () => stack.server],
    // The Authority knows no such resource. An issuer that ignores resources would give a token, whose audience is then read.
    ['its own resource', (own: string) => own],
  ])(
    'gives no token to a server that names the issuer of another one, with %s',
    async (_what, resource) => {
      const tokens: unknown[] = [];
      const server = await listening(({ headers }, response) => {
        tokens.push(headers.authorization);
        const settings = JSON.stringify({ issuer: stack.issuer, resource: resource(server.url) });
        response.end(`<script id="settings" type="application/json">${settings}</script>`);
      });
      // The browser signs in whoever asks.
      const login = await cli(['login', '--server', server.url, '--context', 'hostile'], { BROWSER: browser('ada') });
      expect(login).toMatchObject({ status: 3, stderr: expect.stringMatching(/^CLI_LOGIN_(UNTRUSTED|FAILED) /m) });
      expect(tokens).toEqual([undefined]);
      expect(Object.keys(stored().contexts)).not.toContain('hostile');
      server.close();
    },
    60_000,
  );

  it('works with a code on another device', async () => {
    const entry = join(ROOT, 'apps/cli/bin/taskrunner.js');
    const child = spawn(process.execPath, [entry, 'login', '--context', 'grace', '--device', '--output', 'json'], {
      env: { PATH: process.env['PATH'], XDG_CONFIG_HOME: folder },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => (stdout += String(text)));
    const address = new Promise<string>((resolve) => {
      child.stderr.on('data', (text) => {
        stderr += String(text);
        const [, found] = /Open this address on any device: (\S+)\n/.exec(stderr) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const ended = new Promise<number | null>((resolve) => void child.once('exit', resolve));
    const found = await Promise.race([address, ended]);
    expect(String(found)).toMatch(/\/device\?user_code=/);
    const confirm = `import { confirmDevice } from '${LOGIN}';\nawait confirmDevice(process.argv[2], { login: 'linus' });\n`;
    const script = join(folder, 'confirm.mjs');
    writeFileSync(script, confirm);
    spawn(process.execPath, [script, String(found)], { stdio: 'ignore' });
    expect([await ended, stderr]).toEqual([0, expect.stringMatching(/The code is: [A-Z]{4}-[A-Z]{4}\n$/)]);
    expect(JSON.parse(stdout)).toMatchObject({ context: 'grace', person: { sub: 'linus' } });
  }, 60_000);

  it('ends with logout, also at the issuer', async () => {
    const before = readFileSync(path, 'utf8');
    const logout = await cli(['logout', '--context', 'here', '--output', 'json']);
    expect(JSON.parse(logout.stdout)).toEqual({
      items: [{ context: 'here', server: stack.server, revoked: true, reason: null }],
    });
    const who = ['whoami', '--context', 'here'];
    expect(await cli(who)).toMatchObject({ status: 3, stderr: expect.stringMatching(/^CLI_TOKEN_MISSING /) });
    // Whoever has kept the refresh token gets nothing for it.
    writeFileSync(path, before);
    expire('here');
    expect(await cli(who)).toMatchObject({
      status: 3,
      stdout: '',
      stderr: 'CLI_LOGIN_EXPIRED the sign-in has ended\nhelp: Sign in again with: taskrunner login\n',
    });
  }, 60_000);

  it.each([
    ['others may read it', () => chmodSync(path, 0o644), 3, 'CLI_CONTEXTS_UNSAFE'],
    ['it is damaged', () => writeFileSync(path, '{"schema":', { mode: 0o600 }), 2, 'CLI_CONTEXTS_INVALID'],
  ])('uses no file if %s', async (_why, change, status, code) => {
    change();
    for (const args of [['whoami'], ['context', 'list'], ['logout'], ['login']])
      expect(await cli(args)).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(`^${code} `) });
    rmSync(path);
  });

  it('is refused by an issuer that does not know the client, and ends if nobody signs in', async () => {
    const server = ['login', '--server', stack.server];
    const login = [...server, '--issuer', stack.issuer];
    const env = { BROWSER: browser('ada') };
    expect(await cli([...login, '--client-id', 'stranger', '--timeout', '2'], env)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('CLI_LOGIN_FAILED nobody has signed in in time'),
    });
    expect(await cli([...login, '--client-id', 'stranger', '--device'], env)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/^CLI_LOGIN_FAILED http:\S+ refused: invalid_client/m),
    });
    expect(await cli([...server, '--issuer', 'http://127.0.0.1:1'])).toMatchObject({
      status: 10,
      stderr: expect.stringMatching(/^CLI_ISSUER_UNREACHABLE /m),
    });
    expect(await cli([...server, '--issuer', 'http://id.example'])).toMatchObject({ status: 2 });
    expect(await cli(['login', '--server', 'http://runner.example'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^CLI_USAGE http:\/\/runner\.example is not https/),
    });
  }, 60_000);
});
