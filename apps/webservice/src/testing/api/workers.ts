import { digestOf, sha256 } from '@taskrunner/core/canonical';
import type { ApiUnderTest } from './api-under-test';
import { MANIFEST, TENANT, environment } from './sample';

/** Tests of workers and executors. */
export function describeFleet(api: ApiUnderTest): void {
  const { ask, submit, promised, validators } = api;

  describe('the fleet', () => {
    const register = (name: string) =>
      api.worker.claims.register({
        ...{ name, version: '0', build: sha256('build'), isolations: ['none/v1'], probe: sha256('probe') },
        ...{ environments: [digestOf(environment())], labels: ['x'], slots: 2 },
      });
    const fleet = async (login: string, query = '') => {
      const { body } = await ask(login, 'GET', `/api/workers${query}`);
      const page = body as unknown as {
        readonly items: readonly { readonly workerId: string; readonly runs: object }[];
        readonly nextCursor: string | null;
      };
      const validate = validators.get('Worker');
      for (const item of page.items) expect([validate?.(item), validate?.errors ?? null]).toEqual([true, null]);
      return page;
    };

    it('shows which workers live and what they drive, to administrators, of their own tenant alone', async () => {
      const runId = await submit();
      const [one, two] = [await register('one'), await register('two')];
      const claimed = await api.worker.claims.claim(one, 100);
      const driven = claimed.filter(({ tenant }) => tenant === TENANT).map((run) => run.runId);
      expect(driven).toContain(runId);
      const { items } = await fleet('ops');
      const mine = items.find(({ workerId }) => workerId === one.id);
      expect(mine).toMatchObject({
        ...{ name: 'one', labels: ['x'], slots: 2, isolations: ['none/v1'], assignments: 0 },
        probe: { digest: sha256('probe'), profiles: null },
        runs: { total: driven.length, latest: [...driven].sort().reverse().slice(0, 20) },
      });
      expect((await fleet('ops', '?runs=0')).items.find(({ workerId }) => workerId === one.id)).toMatchObject({
        runs: { total: driven.length, latest: [] },
      });
      const first = await fleet('ops', '?limit=1');
      const rest = await fleet('ops', `?cursor=${first.nextCursor}`);
      expect([...first.items, ...rest.items].map(({ workerId }) => workerId)).toEqual(
        items.map(({ workerId }) => workerId),
      );
      for (const [login, status] of [
        ['ada', 403],
        ['wendy', 403],
      ] as const)
        expect([login, (await ask(login, 'GET', '/api/workers')).status]).toEqual([login, status]);
      await api.worker.claims.retire(one);
      await api.worker.claims.retire(two);
      expect((await fleet('ops')).items.filter(({ workerId }) => [one.id, two.id].includes(workerId))).toEqual([]);
    });

    it('performs the executors that the planner knows', async () => {
      const { body } = await promised('Executors', 'ada', 'GET', '/api/executors');
      const items = body['items'] as unknown as { uses: string; environments: object[]; parameters: object }[];
      const uses = items.map((one) => one.uses);
      expect(uses).toEqual([...uses].sort());
      expect(items.find((one) => one.uses === 'builtin:wait')).toMatchObject({
        ...{ version: 1, effects: { loosest: 'pure', by: null }, sandboxed: false },
        ...{ environments: [{ mode: 'open', isolation: null }], parameters: { required: ['for'] } },
      });
      // The environment of this file lists no container engine.
      const planned = async (executor: string) => {
        const manifest = MANIFEST.replace('builtin:noop, with: { image: "{{ inputs.image }}" }', executor);
        const reply = await ask('ada', 'POST', '/api/plans?check=true', { manifest, inputs: { image: 'app:1' } });
        return JSON.stringify(reply.body);
      };
      expect(uses).not.toContain('builtin:container');
      expect(await planned('builtin:container, with: { image: x }')).toContain('EXECUTOR_UNAVAILABLE');
      for (const one of uses) expect(await planned(one)).not.toMatch(/EXECUTOR_UNAVAILABLE|EXECUTOR_UNKNOWN/);
    });
  });
}
