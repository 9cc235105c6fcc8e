import { canonical, sha256 } from '@taskrunner/core/canonical';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { packSchema } from '@taskrunner/core/pack';
import { TEN_CODES } from '@taskrunner/core/testing';
import type { ApiUnderTest } from './api-under-test';
import { MANIFEST, TEN, TENANT } from './sample';

/** Tests of the submission of runs. */
export function describeSubmissions(api: ApiUnderTest): void {
  const { ask, promised } = api;

  describe('a submission', () => {
    it('is planned, admitted, stored, and shown under both prefixes', async () => {
      const reply = await promised('Run', 'ada', 'POST', '/api/runs', {
        manifest: MANIFEST,
        inputs: { image: 'app:1' },
        labels: { ticket: 'SEC-42' },
      });
      const { runId, planHash } = reply.body as { runId: string; planHash: string };
      expect(reply.headers.get('location')).toBe(`${api.webservice.url}/api/runs/${runId}`);
      expect(reply.body).toMatchObject({
        status: 'queued',
        pack: { name: 'demo' },
        requester: { id: 'ada' },
        labels: { ticket: 'SEC-42' },
      });
      for (const prefix of ['/api', '/v1/task-runner'])
        expect((await ask('ada', 'GET', `${prefix}/runs/${runId}`)).body).toEqual(reply.body);
      expect(
        (await promised('Plan', 'ada', 'POST', '/api/plans', { manifest: MANIFEST, inputs: { image: 'app:1' } })).body[
          'planHash'
        ],
      ).toBe(planHash);
      const plan = await promised('Plan', 'ada', 'GET', `/api/runs/${runId}/plan`);
      expect(sha256(canonical(plan.body['plan'] as Json))).toBe(planHash);
      expect(plan.body['inputOrder']).toEqual(['image']);
      const graph = await promised('Graph', 'ada', 'GET', `/api/runs/${runId}/graph`);
      expect((graph.body['nodes'] as unknown as { id: string }[]).map(({ id }) => id)).toEqual([
        'scan',
        'approve',
        'quick',
      ]);
      const { body } = await promised('Simulation', 'ada', 'POST', '/api/simulations', {
        manifest: MANIFEST,
        inputs: { image: 'app:1' },
      });
      expect((body['nodes'] as unknown as { class: string }[]).map((node) => node.class)).toEqual([
        'pending',
        'requires-approval',
        'requires-approval',
      ]);
      const list = await ask('ada', 'GET', '/api/runs?limit=1');
      expect((list.body['items'] as JsonObject[])[0]).toEqual(reply.body);
    });

    it('has the same plan as an object, and brings its files', async () => {
      const manifest = {
        apiVersion: 'stellaops.io/pack.v1',
        kind: 'TaskPack',
        metadata: { name: 'files', version: '1.0.0' },
        spec: {
          steps: [
            {
              id: 'go',
              effects: 'once',
              run: { uses: 'builtin:script', with: { interpreter: ['sh'], path: 'go.sh' } },
            },
          ],
        },
      };
      const files = [{ path: 'go.sh', contentBase64: Buffer.from('echo go').toString('base64'), executable: true }];
      const asObject = await ask('ada', 'POST', '/api/runs', { manifest, files });
      expect([asObject.status, asObject.body['errors']]).toEqual([201, undefined]);
      const asText = await ask('ada', 'POST', '/api/plans', { manifest: JSON.stringify(manifest), files });
      expect(asText.body['planHash']).toBe(asObject.body['planHash']);
      expect(await api.objects.stat(TENANT, sha256('echo go'))).toEqual({ size: 7 });
      const without = await ask('ada', 'POST', '/api/runs', { manifest });
      expect(without.body).toMatchObject({
        code: 'PACK_INVALID',
        errors: [{ code: 'PACK_FILE_MISSING', line: null, column: null }],
      });
      const outside = await ask('ada', 'POST', '/api/runs', { manifest, files: [{ path: '../x', contentBase64: '' }] });
      expect(outside.body).toMatchObject({ code: 'REQUEST_INVALID' });
    });

    it('with ten faults gets all of them, with positions', async () => {
      const { status, body } = await ask('ada', 'POST', '/api/runs', { manifest: TEN.text });
      expect([status, body['code']]).toEqual([422, 'PACK_INVALID']);
      const errors = body['errors'] as unknown as { code: string; line: number; column: number; remediation: string }[];
      expect(errors.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual(
        TEN_CODES.map((code, index) => `${code} ${TEN.places[index]}`),
      );
      expect(errors.every(({ line, column, remediation }) => line > 0 && column > 0 && remediation !== '')).toBe(true);
      const check = await promised('PlanCheck', 'ada', 'POST', '/api/plans?check=true', { manifest: TEN.text });
      expect([check.status, check.body]).toEqual([200, { valid: false, errors }]);
    });

    it('is told by a JSON Schema that everybody may read', async () => {
      const { status, body } = await ask(null, 'GET', '/api/schemas/pack');
      expect([status, body]).toEqual([200, packSchema()]);
    });

    it('with another plan hash starts nothing, and says what differs', async () => {
      const { body: plan } = await ask('ada', 'POST', '/api/plans', { manifest: MANIFEST, inputs: { image: 'app:1' } });
      const { planHash, receipt } = plan;
      const submission = { manifest: MANIFEST, inputs: { image: 'app:2' }, planHash };
      const bare = await ask('ada', 'POST', '/api/runs', submission);
      expect([bare.status, bare.body['code'], bare.body['errors']]).toEqual([409, 'PLAN_HASH_MISMATCH', []]);
      expect((bare.body['receipt'] as JsonObject)['inputs']).not.toBe((receipt as JsonObject)['inputs']);
      const { body } = await ask('ada', 'POST', '/api/runs', { ...submission, receipt });
      expect(body['errors']).toMatchObject([{ code: 'RECEIPT_DIFFERS', path: '/inputs' }]);
      expect((await ask('ada', 'POST', '/api/runs', { ...submission, inputs: { image: 'app:1' } })).status).toBe(201);
    });

    it('with an idempotency key is made once', async () => {
      const body = { manifest: MANIFEST, inputs: { image: 'app:1' } };
      const key = { 'idempotency-key': 'k-1' };
      const first = await ask('ada', 'POST', '/api/runs', body, key);
      const again = await ask('ada', 'POST', '/api/runs', body, key);
      expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 200, 'true']);
      expect(again.body['runId']).toBe(first.body['runId']);
      const text = `{ "inputs": { "image": "app:1" },\n  "manifest": ${JSON.stringify(MANIFEST)} }`;
      const same = await ask('ada', 'POST', '/api/runs', text, key);
      expect([same.status, same.body['runId']]).toEqual([200, first.body['runId']]);
      expect((await ask('linus', 'POST', '/api/runs', body, key)).status).toBe(201);
      const other = await ask('ada', 'POST', '/api/runs', { ...body, labels: { a: 'b' } }, key);
      expect([other.status, other.body['code']]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    });
  });
}
