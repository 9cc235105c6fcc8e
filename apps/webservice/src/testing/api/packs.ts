import type { ApiUnderTest, Reply } from './api-under-test';
import { MANIFEST, TEN } from './sample';

/** Tests of published packs. */
export function describePublishedPacks(api: ApiUnderTest): void {
  const { ask, promised } = api;

  describe('published packs', () => {
    const manifest = MANIFEST.replace('name: demo', 'name: published').replace(
      'type: string',
      'type: string, schema: schemas/image.json',
    );
    const schema = { type: 'string', minLength: 1 };
    const files = [
      { path: 'schemas/image.json', contentBase64: Buffer.from(JSON.stringify(schema)).toString('base64') },
    ];

    it('are published once, shown with their inputs, listed, planned, and run by name', async () => {
      const first = await promised('PublishedPack', 'wendy', 'POST', '/api/packs', { manifest, files });
      expect([first.status, first.headers.get('location')]).toEqual([
        201,
        `${api.webservice.url}/api/packs/published/1.0.0`,
      ]);
      const again = await promised('PublishedPack', 'wendy', 'POST', '/api/packs', { manifest, files });
      expect([again.status, again.body]).toEqual([200, first.body]);
      const { body } = await promised('PackDetail', 'ada', 'GET', '/api/packs/published/1.0.0');
      expect(body).toMatchObject({ runnable: true, signers: [], inputs: [{ name: 'image', schema }] });
      const byDigest = await ask('ada', 'GET', `/api/packs/published/${body['digest'] as string}`);
      expect(byDigest.body).toEqual(body);
      expect((await ask('ada', 'GET', '/api/packs')).body).toEqual({ items: [first.body], nextCursor: null });
      const inputs = { image: 'app:1' };
      const planned = await promised('Plan', 'ada', 'POST', '/api/plans', { pack: 'published:1.0.0', inputs });
      const run = await promised('Run', 'ada', 'POST', '/api/runs', { pack: 'published:1.0.0', inputs });
      expect(run.body).toMatchObject({ planHash: planned.body['planHash'], pack: { digest: body['contentDigest'] } });
      const check = await ask('ada', 'POST', '/api/plans?check=true', {
        pack: 'published:1.0.0',
        inputs: { image: 1 },
      });
      expect(check.body).toMatchObject({ valid: false });
    });

    it.each([
      ['wendy', { manifest: MANIFEST.replace('demo', 'published'), files: [] }, 409, 'PACK_VERSION_MOVED'],
      ['wendy', { manifest: TEN.text }, 422, 'PACK_INVALID'],
      ['wendy', { manifest, files, signatures: [{}] }, 403, 'PACK_SIGNATURE_INVALID'],
      ['wendy', { manifest, files, colour: 1 }, 422, 'REQUEST_INVALID'],
      ['ada', { manifest, files }, 403, 'SCOPE_MISSING'],
    ] as const)('of %s (%#) are refused with a code', async (login, body, status, code) => {
      const reply = await ask(login, 'POST', '/api/packs', body);
      expect([reply.status, reply.body['code']]).toEqual([status, code]);
    });

    it.each([
      '/api/packs/published/1.0.1',
      '/api/packs/Published/1.0.0',
      '/api/packs/..%2fetc/1.0.0',
      '/api/packs/published/latest',
    ])('%s is not there', async (path) => expect((await ask('ada', 'GET', path)).body['code']).toBe('PACK_NOT_FOUND'));

    it('of others are as absent ones', async () => {
      expect((await ask('mallory', 'GET', '/api/packs')).body).toEqual({ items: [], nextCursor: null });
      const [theirs, absent] = await Promise.all(
        ['published', 'publishes'].map((name) => ask('mallory', 'GET', `/api/packs/${name}/1.0.0`)),
      );
      const shown = ({ status, body }: Reply) =>
        JSON.stringify([status, { ...body, traceId: '' }]).replaceAll('publishes', 'published');
      expect(shown(theirs as Reply)).toBe(shown(absent as Reply));
    });
  });
}
