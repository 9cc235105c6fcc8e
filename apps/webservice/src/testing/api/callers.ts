import type { JsonObject } from '@taskrunner/core/foundation';
import type { ApiUnderTest } from './api-under-test';
import { MANIFEST } from './sample';

/** Tests of tokens, scopes and tenants of callers. */
export function describeCallers(api: ApiUnderTest): void {
  const { ask, promised, tokens, validators } = api;

  describe('callers', () => {
    it.each([
      ['no token', null],
      ['no JWT', 'abc'],
      ['another issuer', `e30.${Buffer.from('{"iss":"https://evil.example"}').toString('base64url')}.x`],
    ])('with %s get 401 and a challenge', async (_name, token) => {
      const { status, headers, body } = await ask(token, 'GET', '/api/runs');
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="taskrunner"/);
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(body).toMatchObject({ status: 401, instance: '/api/runs', errors: [] });
      expect(validators.get('Problem')?.(body)).toBe(true);
    });

    it('cannot change a token, nor turn off its signature', async () => {
      const [head = '', body = '', tail = ''] = (tokens.get('ada') ?? '').split('.');
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as JsonObject;
      const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'grace' })).toString('base64url');
      const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
      const plain = Buffer.from('{"alg":"ES256","typ":"JWT"}').toString('base64url');
      for (const token of [`${head}.${forged}.${tail}`, `${none}.${body}.`, `${plain}.${body}.${tail}`]) {
        const { status, body: problem } = await ask(token, 'GET', '/api/runs');
        expect([status, problem['code']]).toEqual([401, 'TOKEN_INVALID']);
      }
      expect((await ask(null, 'GET', `/api/runs?access_token=${tokens.get('ada')}`)).status).toBe(401);
    });

    it('without the scope get 403', async () => {
      const { status, headers, body } = await ask('grace', 'POST', '/api/runs', { manifest: MANIFEST });
      expect([status, body['code']]).toEqual([403, 'SCOPE_MISSING']);
      expect(headers.get('www-authenticate')).toContain('scope="packs.run"');
      expect((await ask('ada', 'GET', '/api/approvals')).status).toBe(403);
    });

    it('name a tenant of their token, or none', async () => {
      expect((await ask('ada', 'GET', '/api/me', undefined, { 'x-stellaops-tenant': 'acme' })).status).toBe(200);
      const { status, body } = await ask('ada', 'GET', '/api/me', undefined, { 'x-stellaops-tenant': 'globex' });
      expect([status, body['code']]).toEqual([403, 'TENANT_MISMATCH']);
    });

    it('see who they are; a machine is no person', async () => {
      const { body } = await promised('Me', 'grace', 'GET', '/api/me');
      expect(body).toMatchObject({
        tenant: 'acme',
        scopes: ['packs.read', 'packs.approve'],
        grants: ['role:sec-lead'],
        person: { sub: 'grace', kind: 'person' },
      });
      expect((await ask('ci', 'GET', '/api/me')).body).toMatchObject({ person: { sub: 'ci', kind: 'client' } });
      expect(tokens.get('ci')).not.toBe('');
    });
  });
}
