import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@taskrunner/core/foundation';
import type { ApiUnderTest } from './api-under-test';
import { TENANT } from './sample';

/** Tests of downloads of evidence and artifacts. */
export function describeEvidence(api: ApiUnderTest): void {
  const { ask, submit, promised, commit, tokens } = api;

  describe('evidence and artifacts', () => {
    it('are asked for too early, or by a wrong name', async () => {
      const runId = await submit();
      const { status, headers, body } = await ask('ada', 'GET', `/api/runs/${runId}/evidence`);
      expect([status, body['code'], headers.get('retry-after')]).toEqual([409, 'EVIDENCE_NOT_SEALED', '5']);
      expect((await ask('ada', 'GET', `/api/runs/${runId}/attestations`)).status).toBe(409);
      expect((await ask('ada', 'GET', `/api/runs/${runId}/artifacts/none`)).body['code']).toBe('ARTIFACT_NOT_FOUND');
      expect((await ask('ada', 'GET', `/api/runs/${runId}/steps/none`)).body['code']).toBe('STEP_NOT_FOUND');
    });

    it('are downloaded, never rendered, in ranges too', async () => {
      const runId = await submit();
      const bytes = new TextEncoder().encode('<script>alert(1)</script>');
      const { digest, size } = await api.objects.put(TENANT, [bytes] as never, { maxBytes: 100 });
      const artifact = {
        step: 'scan',
        execution: 1,
        name: 'page',
        path: 'out/p"age.html',
        digest,
        size,
        mediaType: 'text/html',
      };
      await commit(runId, { artifacts: [artifact] });
      const { body } = await promised('Artifact', 'ada', 'GET', `/api/runs/${runId}/artifacts`).catch(async () =>
        ask('ada', 'GET', `/api/runs/${runId}/artifacts`),
      );
      const [item] = body['items'] as unknown as { links: { download: string } }[];
      const get = (headers: Record<string, string> = {}) =>
        fetch(item?.links.download ?? '', { headers: { authorization: `Bearer ${tokens.get('ada')}`, ...headers } });
      const whole = await get();
      expect(await whole.text()).toBe('<script>alert(1)</script>');
      expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename="p_age.html"/);
      expect(whole.headers.get('x-content-type-options')).toBe('nosniff');
      expect(whole.headers.get('content-security-policy')).toContain('sandbox');
      expect(whole.headers.get('repr-digest')).toBe(
        `sha-256=:${Buffer.from(digest.slice(7), 'hex').toString('base64')}:`,
      );
      const part = await get({ range: 'bytes=1-6' });
      expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
        206,
        'script',
        `bytes 1-6/${size}`,
      ]);
      const outside = await get({ range: 'bytes=99-' });
      expect([outside.status, outside.headers.get('content-range'), await outside.json()]).toEqual([
        416,
        `bytes */${size}`,
        expect.objectContaining({ code: 'OBJECT_RANGE' }),
      ]);
      const stored = join(api.folder, 'objects/t', TENANT, 'sha256', digest.slice(7, 9), digest.slice(7));
      await chmod(stored, 0o600);
      await writeFile(stored, 'altered');
      const altered = await get();
      // What an operator needs to bring it back; the caller may see all of it.
      const detail = `the stored bytes of ${digest} of tenant ${TENANT} were altered; they belong to ${runId}`;
      expect([altered.status, (await altered.json()) as JsonObject]).toEqual([
        500,
        expect.objectContaining({ code: 'OBJECT_DIGEST_MISMATCH', detail }),
      ]);
      await api.objects.delete(TENANT, digest);
      const gone = await get();
      expect([gone.status, gone.headers.get('etag'), (await gone.json()) as JsonObject]).toEqual([
        404,
        null,
        expect.objectContaining({ code: 'OBJECT_MISSING' }),
      ]);
      expect((await get({ 'if-none-match': whole.headers.get('etag') ?? '' })).status).toBe(304);
    });
  });
}
