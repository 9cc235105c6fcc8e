import type { JsonObject } from '@taskrunner/core/foundation';
import { EXAMPLES } from '../../openapi/examples';
import type { ApiUnderTest } from './api-under-test';
import { MANIFEST } from './sample';

/** Tests of schedules. */
export function describeSchedules(api: ApiUnderTest): void {
  const { ask, promised, validators } = api;

  describe('schedules', () => {
    it('are answered as the document says', async () => {
      const body = { name: 'nightly', cron: '30 2 * * *', manifest: MANIFEST, inputs: { image: 'app:1' }, until: null };
      const made = await promised('Schedule', 'ada', 'POST', '/api/schedules', body);
      const path = `/api/schedules/${made.body['scheduleId'] as string}`;
      expect(made.headers.get('location')).toBe(`${api.webservice.url}${path}`);
      expect((await promised('Schedule', 'ada', 'GET', path)).body).toEqual(made.body);
      expect(
        (await promised('Schedule', 'ada', 'PATCH', path, { until: '2099-01-01T00:00:00Z' })).headers.get('etag'),
      ).toBe('"r2"');
      for (const same of [{}, { name: 'nightly', inputs: { image: 'app:1' }, manifest: MANIFEST, paused: false }]) {
        const unchanged = await promised('Schedule', 'ada', 'PATCH', path, same);
        expect(unchanged.headers.get('etag')).toBe('"r2"');
      }
      const unknown = { bundle: { digest: `sha256:${'0'.repeat(64)}` } };
      expect((await ask('ada', 'PATCH', path, unknown)).body['code']).toBe('UPLOAD_MISSING');
      for (const member of ['pack', 'bundle', 'cron', 'planHash', 'labels']) {
        const { status, body: refused } = await ask('ada', 'PATCH', path, { [member]: null });
        expect([status, refused['errors']]).toMatchObject([422, [{ path: `/${member}` }]]);
      }
      const next = await promised('UpcomingTicks', 'ada', 'GET', `${path}/next`);
      expect(next.body['ticks']).toHaveLength(5);
      const { items } = (await ask('ada', 'GET', '/api/schedules')).body;
      expect(validators.get('Schedule')?.((items as JsonObject[])[0])).toBe(true);
      for (const [name, example] of [
        ['Schedule', EXAMPLES.schedule],
        ['ScheduleTick', EXAMPLES.scheduleTick],
        ['UpcomingTicks', EXAMPLES.upcoming],
      ] as const)
        expect([name, validators.get(name)?.(example)]).toEqual([name, true]);
      expect((await promised('Schedule', 'ada', 'DELETE', path)).body).toMatchObject({ name: 'nightly', revision: 2 });
      const gone = await ask('ada', 'GET', path);
      expect([gone.status, validators.get('Problem')?.(gone.body)]).toEqual([404, true]);
    });
  });
}
