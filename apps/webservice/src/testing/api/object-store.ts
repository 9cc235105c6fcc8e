import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import type { ApiUnderTest } from './api-under-test';
import { TENANT } from './sample';
import { upload } from './uploads';

/** Tests of an unavailable object store. */
export function describeObjectStoreOutage(api: ApiUnderTest): void {
  const { ask } = api;

  describe('an object store that is away', () => {
    const root = (): string => join(api.folder, 'objects');
    const readiness = async (): Promise<readonly [number, Json]> => {
      const response = await fetch(`${api.webservice.health}/health/ready`);
      const { details } = (await response.json()) as { details: { objects: Json } };
      return [response.status, details.objects];
    };

    it('is told by its code, by readiness, by evidence that waits for it, and by one line of the log with the cause', async () => {
      const run = await api.submit();
      const ended = { status: 'succeeded', finishedAt: 5, lastLine: 0 } as const;
      await api.commit(run, { state: ended, outbox: [{ kind: 'attest' }] });
      const whyPending = async (): Promise<Json> =>
        (await ask('ada', 'GET', `/api/runs/${run}/evidence`)).body['detail'] ?? null;
      expect(await whyPending()).toBe('the run is succeeded, and its evidence is pending');
      const { digest } = (await upload(api, 'ada', Buffer.from('before'))).body as {
        digest: ReturnType<typeof sha256>;
      };
      const written = jest.spyOn(process.stderr, 'write');
      await rename(root(), `${root()}.away`);
      try {
        const away = { status: 503, body: { code: 'OBJECT_STORE_UNAVAILABLE', retryable: true } };
        expect(await upload(api, 'ada', Buffer.from('meanwhile'))).toMatchObject(away);
        expect(await upload(api, 'ada', Buffer.from('again'))).toMatchObject(away);
        const reason = 'the folder of the object store does not exist';
        expect(await readiness()).toEqual([503, { status: 'down', reason }]);
        expect(await whyPending()).toBe(
          'the run is succeeded, and its evidence is pending: the object store does not accept writes (OBJECT_STORE_UNAVAILABLE)',
        );
        // What needs no bytes is answered.
        expect((await ask('ada', 'GET', '/api/runs')).status).toBe(200);
        const lines = written.mock.calls.flatMap(([text]) => String(text).split('\n'));
        const [line, ...more] = lines.filter((text) => text.includes('"OBJECT_STORE_UNAVAILABLE"'));
        expect(more).toEqual([]);
        const cause = { code: 'ENOENT' };
        expect(JSON.parse(line ?? '')).toMatchObject({ event: 'objects.unavailable', reason, error: { cause } });
      } finally {
        written.mockRestore();
        await rename(`${root()}.away`, root());
      }
      for (let tries = 0; (await readiness())[0] !== 200; tries++) {
        if (tries > 600) throw new Error('it does not become ready again');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(await api.objects.stat(TENANT, digest)).toEqual({ size: 6 });
      expect((await upload(api, 'ada', Buffer.from('after'))).status).toBe(201);
    });
  });
}
