// Run with `node --test tools/dev-authority/`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { startDevAuthority } from './authority.mjs';
import { delegate, loginAs, loginAsMachine, refresh } from './login.mjs';

const main = new URL('main.mjs', import.meta.url).pathname;
let authority;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dev-authority-'));
  authority = await startDevAuthority();
});
after(async () => {
  await authority.stop();
  rmSync(folder, { recursive: true });
});

const verify = (token, { issuer, audience, jwksUri } = authority) =>
  jwtVerify(token, createRemoteJWKSet(new URL(jwksUri)), {
    issuer,
    audience,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['sub', 'exp', 'iat', 'jti'],
  });

describe('the tokens of people', () => {
  it('are signed, meant for taskrunner, and say who, where, what and when', async () => {
    const began = Math.floor(Date.now() / 1_000);
    const { accessToken, expiresAt, scopes } = await loginAs(authority.issuer, 'grace');
    const { payload } = await verify(accessToken);
    assert.deepEqual(scopes, ['packs.read', 'packs.approve']);
    assert.equal(payload.aud, 'taskrunner');
    assert.equal(payload.sub, 'grace');
    assert.equal(payload.name, 'Grace');
    assert.equal(payload.tenant, 'acme');
    assert.equal(payload.scope, 'packs.read packs.approve');
    assert.deepEqual(payload.grants, ['role:sec-lead']);
    assert.equal(payload.client_id, 'taskrunner-cli');
    assert.ok(payload.auth_time >= began && payload.auth_time <= Date.now() / 1_000);
    const expires = Date.parse(expiresAt) / 1_000;
    assert.ok(expires >= began + payload.exp - payload.iat && expires < payload.exp + 1);
  });

  for (const [login, tenant, scope] of [
    ['ada', 'acme', 'packs.read packs.run'],
    ['linus', 'acme', 'packs.read packs.run packs.approve'],
    ['ops', 'acme', 'packs.read packs.run packs.admin'],
    ['mallory', 'globex', 'packs.read packs.run packs.approve'],
  ]) {
    it(`give ${login} of ${tenant}: ${scope}`, async () => {
      const { payload } = await verify((await loginAs(authority.issuer, login)).accessToken);
      assert.deepEqual([payload.tenant, payload.scope, payload.grants], [tenant, scope, []]);
    });
  }

  it('carry the scopes that were asked for, and no others', async () => {
    const { accessToken } = await loginAs(authority.issuer, 'linus', { scopes: ['packs.read'] });
    assert.equal(decodeJwt(accessToken).scope, 'packs.read');
  });

  it('tell of a fresh login when one was demanded', async () => {
    const { accessToken } = await loginAs(authority.issuer, 'grace', { maxAgeSeconds: 0 });
    assert.ok(decodeJwt(accessToken).auth_time >= Math.floor(Date.now() / 1_000) - 5);
  });

  it('never carry a scope that the person has not', async () => {
    await assert.rejects(loginAs(authority.issuer, 'ada', { scopes: ['packs.approve'] }), /not granted: packs.approve/);
  });

  it('are had with any password, but by nobody who is not known', async () => {
    await loginAs(authority.issuer, 'ada', { password: 'wrong' });
    await loginAs(authority.issuer, 'ada', { password: '' });
    await assert.rejects(loginAs(authority.issuer, 'eve'), /HTTP 401 Nobody has this login/);
  });

  it('can be refreshed once for each refresh token, and keep the time of the login', async () => {
    const first = await loginAs(authority.issuer, 'ada');
    const second = await refresh(authority.issuer, first.refreshToken);
    await verify(second.accessToken);
    assert.equal(decodeJwt(second.accessToken).auth_time, decodeJwt(first.accessToken).auth_time);
    assert.deepEqual(second.scopes.includes('packs.run'), true);
    await assert.rejects(refresh(authority.issuer, first.refreshToken), { code: 'invalid_grant' });
  });

  it('can be bound to one decision, for five minutes', async () => {
    const detail = {
      type: 'pack_decision',
      pack_run_id: 'run_1',
      pack_gate_id: 'approve',
      pack_plan_hash: 'sha256:a',
      pack_gate_digest: 'sha256:b',
      pack_decision: 'approved',
    };
    const { accessToken } = await loginAs(authority.issuer, 'grace', { authorizationDetails: [detail] });
    const { payload } = await verify(accessToken);
    assert.deepEqual(payload.authorization_details, [detail]);
    const { type: _type, ...members } = detail;
    for (const [key, value] of Object.entries(members)) assert.equal(payload[key], value);
    assert.ok(payload.exp - payload.iat <= 300);
    const broken = loginAs(authority.issuer, 'grace', { authorizationDetails: [{ type: 'pack_decision' }] });
    await assert.rejects(broken, { code: 'invalid_authorization_details' });
  });
});

describe('the tokens of machines', () => {
  it('have a tenant and scopes, and no time of a login', async () => {
    const { accessToken } = await loginAsMachine(authority.issuer, authority.clients.ci);
    const { payload } = await verify(accessToken);
    assert.deepEqual([payload.sub, payload.client_id, payload.tenant], ['ci', 'ci', 'acme']);
    assert.equal(payload.scope, 'packs.read packs.run');
    assert.deepEqual(payload.grants, []);
    assert.equal('auth_time' in payload, false);
    assert.equal('name' in payload, false);
  });

  it('need the secret, and never approve', async () => {
    const wrong = { clientId: 'ci', clientSecret: 'guess' };
    await assert.rejects(loginAsMachine(authority.issuer, wrong), { code: 'invalid_client' });
    const more = { ...authority.clients.ci, scopes: ['packs.approve'] };
    await assert.rejects(loginAsMachine(authority.issuer, more), { code: 'scope_missing' });
  });
});

describe('the Authority', () => {
  it('refuses scopes that it does not know', async () => {
    const wanted = { scopes: ['packs.read', 'packs.everything'] };
    await assert.rejects(loginAs(authority.issuer, 'ada', wanted), { code: 'invalid_scope' });
    const machine = loginAsMachine(authority.issuer, { ...authority.clients.ci, ...wanted });
    await assert.rejects(machine, { code: 'invalid_scope' });
  });

  it('refuses an authorization request without PKCE, and redirects to strangers', async () => {
    const ask = async (more) => {
      const query = { client_id: 'taskrunner-cli', response_type: 'code', scope: 'openid', ...more };
      return fetch(`${authority.issuer}/auth?${new URLSearchParams(query)}`, { redirect: 'manual' });
    };
    const bare = await ask({ redirect_uri: 'http://127.0.0.1:4321/callback' });
    assert.match(bare.headers.get('location'), /error=invalid_request.*PKCE/);
    const away = await ask({ redirect_uri: 'http://example.org/callback' });
    assert.equal(away.status, 400);
    assert.equal((await away.json()).error, 'invalid_redirect_uri');
  });

  it('takes a sign-in from its own page only', async () => {
    const verifier = 'x'.repeat(43);
    const query = { client_id: 'taskrunner-cli', response_type: 'code', scope: 'openid', code_challenge: verifier };
    Object.assign(query, { code_challenge_method: 'S256', redirect_uri: 'http://127.0.0.1/callback' });
    const start = await fetch(`${authority.issuer}/auth?${new URLSearchParams(query)}`, { redirect: 'manual' });
    const page = new URL(start.headers.get('location'), authority.issuer);
    const cookie = start.headers.getSetCookie().map((line) => line.split(';')[0]);
    const body = new URLSearchParams({ login: 'ada', password: 'x' });
    const forged = await fetch(page, { method: 'POST', body, headers: { cookie: cookie.join('; ') } });
    assert.equal(forged.status, 403);
    assert.equal((await fetch(`${authority.issuer}/interaction/unknown`)).status, 400);
  });

  it('keeps issuer, keys and secrets over a restart', async () => {
    const state = join(folder, 'state');
    const first = await startDevAuthority({ stateDirectory: state });
    const { accessToken } = await loginAs(first.issuer, 'ada');
    await first.stop();
    const second = await startDevAuthority({ stateDirectory: state, port: first.port });
    try {
      // The first request may still be sent on a pooled connection to the stopped server.
      await fetch(second.jwksUri).catch(() => undefined);
      assert.equal((await verify(accessToken, second)).payload.sub, 'ada');
      assert.deepEqual(second.clients, first.clients);
      assert.equal(statSync(join(state, 'authority.json')).mode & 0o777, 0o600);
      const keys = (await (await fetch(second.jwksUri)).json()).keys;
      assert.equal(keys.length, 1);
      assert.equal('d' in keys[0], false);
    } finally {
      await second.stop();
    }
  });

  for (const [how, end] of [
    ['on SIGTERM', (child) => child.kill('SIGTERM')],
    ['when its parent closes its stdin', (child) => child.stdin.end()],
  ]) {
    it(`runs as a process that says one line and ends ${how}`, async () => {
      const child = spawn(process.execPath, [main, '--parent-watch', '--token-seconds', '60']);
      const lines = [];
      const errors = [];
      child.stderr.on('data', (text) => errors.push(String(text)));
      const output = createInterface(child.stdout).on('line', (line) => lines.push(line));
      await once(output, 'line');
      const facts = JSON.parse(lines[0]);
      const { accessToken } = await loginAs(facts.issuer, 'ada');
      const { payload } = await verify(accessToken, facts);
      assert.equal(payload.exp - payload.iat, 60);
      end(child);
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      assert.equal(lines.length, 1);
      assert.equal(errors.join(''), '');
    });
  }
});

describe('token exchange', () => {
  const tokenOf = async (login) => (await loginAs(authority.issuer, login)).accessToken;
  const machineToken = async () => (await loginAsMachine(authority.issuer, authority.clients.ci)).accessToken;

  it('names who acts, and who acted before', async () => {
    const subject = await loginAs(authority.issuer, 'grace');
    const once = await delegate(authority.issuer, {
      subjectToken: subject.accessToken,
      actorToken: await machineToken(),
    });
    const { payload } = await verify(once.accessToken);
    const { payload: before } = await verify(subject.accessToken);
    const iss = authority.issuer;
    assert.deepEqual(payload.act, { iss, sub: 'ci' });
    for (const claim of ['sub', 'name', 'tenant', 'scope', 'grants', 'auth_time', 'aud'])
      assert.deepEqual(payload[claim], before[claim]);
    assert.ok(payload.exp <= before.exp);
    const twice = await delegate(iss, { subjectToken: once.accessToken, actorToken: await tokenOf('ada') });
    assert.deepEqual((await verify(twice.accessToken)).payload.act, { iss, sub: 'ada', act: { iss, sub: 'ci' } });
  });

  it('keeps what a token is bound to', async () => {
    const detail = {
      type: 'pack_decision',
      ...{
        pack_run_id: 'run_1',
        pack_gate_id: 'g',
        pack_plan_hash: 'p',
        pack_gate_digest: 'd',
        pack_decision: 'approved',
      },
    };
    const bound = await loginAs(authority.issuer, 'grace', { authorizationDetails: [detail] });
    const actorToken = await tokenOf('ada');
    const { accessToken } = await delegate(authority.issuer, { subjectToken: bound.accessToken, actorToken });
    const { payload } = await verify(accessToken);
    assert.deepEqual([payload.pack_run_id, payload.pack_decision, payload.act.sub], ['run_1', 'approved', 'ada']);
    assert.ok(payload.exp - payload.iat <= 300);
  });

  it('is refused without two tokens of this Authority, the first of a person', async () => {
    const [grace, ci] = [await tokenOf('grace'), await machineToken()];
    const refused = (subjectToken, actorToken) =>
      assert.rejects(delegate(authority.issuer, { subjectToken, actorToken }), { code: 'invalid_grant' });
    await refused(ci, grace);
    await refused(`${grace}x`, ci);
    await refused(grace, 'no token');
    const through = (await delegate(authority.issuer, { subjectToken: grace, actorToken: ci })).accessToken;
    await refused(await tokenOf('linus'), through);
  });
});
