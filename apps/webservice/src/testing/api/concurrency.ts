import type { ApiUnderTest } from './api-under-test';

/** Tests of concurrency groups. */
export function describeConcurrencyGroups(api: ApiUnderTest): void {
  const { ask } = api;

  describe('a concurrency group', () => {
    const pack = (onConflict: string) => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: grouped, version: 1.0.0 }
spec:
  inputs: [ { name: env, type: string, required: true } ]
  concurrency: { group: "deploy-{{ inputs.env }}", onConflict: ${onConflict} }
  steps: [ { id: a, workers: [gpu], run: { uses: "builtin:noop" } } ]
`;

    it('lets later runs wait, visibly, or refuses them and names the holder', async () => {
      const submit = (env: string, onConflict = 'queue') =>
        ask('ada', 'POST', '/api/runs', { manifest: pack(onConflict), inputs: { env } });
      const [first, second, other] = [await submit('prod'), await submit('prod'), await submit('test')];
      expect([first.body['status'], second.body['status'], other.body['status']]).toEqual([
        'queued',
        'waiting',
        'queued',
      ]);
      const waits = [{ kind: 'concurrency', id: 'deploy-prod', since: second.body['createdAt'], until: null }];
      const read = await ask('ada', 'GET', `/api/runs/${second.body['runId'] as string}`);
      expect([second.body['waits'], read.body['waits']]).toEqual([waits, waits]);
      const refused = await submit('prod', 'refuse');
      expect([refused.status, refused.body['code']]).toEqual([409, 'CONCURRENCY_GROUP_HELD']);
      expect(refused.body['detail']).toContain(first.body['runId']);
      const graph = await ask('ada', 'GET', `/api/runs/${first.body['runId'] as string}/graph`);
      expect(graph.body['nodes']).toEqual([expect.objectContaining({ id: 'a', workers: ['gpu'] })]);
    });
  });
}
