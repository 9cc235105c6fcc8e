import { searched } from '@taskrunner/core/testing';
import type { ApiUnderTest } from './api-under-test';
import { MANIFEST } from './sample';

/** Tests of packs that exceed limits. */
export function describeHostilePacks(api: ApiUnderTest): void {
  const { ask } = api;

  describe('hostile packs', () => {
    it('end at their limits, and hold up neither others nor the service', async () => {
      // The "…" excludes the reader of plain documents, which is much faster.
      const heavy = `['…', ${Array(250_000).fill('[0]').join(',')}]`;
      const manifest = MANIFEST.replace(/^spec:$/m, `spec:\n  success: { message: ${heavy} }`);
      expect(manifest).not.toBe(MANIFEST);
      const ended: string[] = [];
      // Each takes a thread up to its limit.
      const paths = ['/api/plans', '/api/simulations', ...searched([], ['/api/runs', '/api/plans'])];
      const hostile = paths.map(async (path) => {
        // A pack that may use other packs is read before planning, in a thread too.
        const text = path === '/api/simulations' ? `${manifest}# pack:\n` : manifest;
        const { status, body } = await ask('mallory', 'POST', path, { manifest: text });
        ended.push('hostile');
        return [status, body['code']];
      });
      const [alive, theirs] = await Promise.all([
        fetch(`${api.webservice.health}/health/live`),
        ask('ada', 'POST', '/api/plans', { manifest: MANIFEST, inputs: { image: 'app:1' } }),
      ]);
      ended.push('others');
      expect([alive.status, theirs.status]).toEqual([200, 200]);
      expect(await Promise.all(hostile)).toEqual(Array(paths.length).fill([422, 'PLAN_LIMIT']));
      // At most one thread per tenant, so that no more than one of its packs can have ended before.
      expect(ended.indexOf('others')).toBeLessThanOrEqual(1);
      expect(
        (await ask('mallory', 'POST', '/api/plans', { manifest: MANIFEST, inputs: { image: 'app:1' } })).status,
      ).toBe(200);
    });
  });
}
