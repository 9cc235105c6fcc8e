import { sha256 } from '@taskrunner/core/canonical';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import type { Commit } from '@taskrunner/core/ports';
import type { ApiUnderTest, Reply } from './api-under-test';

/** Tests of runs: lists, timings, cancellation, long polls. */
export function describeRuns(api: ApiUnderTest): void {
  const { ask, submit, promised, commit } = api;

  describe('a run', () => {
    it('of another tenant is answered like one that is not there', async () => {
      const runId = await submit();
      const absent = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef';
      for (const below of [
        '',
        '/graph',
        '/plan',
        '/steps',
        '/steps/scan',
        '/artifacts',
        '/artifacts/x',
        '/logs',
        '/gates/approve',
        '/evidence',
        '/attestations',
      ]) {
        const [foreign, none] = [
          await ask('mallory', 'GET', `/api/runs/${runId}${below}`),
          await ask('mallory', 'GET', `/api/runs/${absent}${below}`),
        ];
        const plain = ({ status, body }: Reply, id: string) =>
          JSON.stringify([status, { ...body, traceId: '' }]).replaceAll(id, 'ID');
        expect([below, foreign.status]).toEqual([below, 404]);
        expect(plain(foreign, runId)).toBe(plain(none, absent));
      }
      expect((await ask('mallory', 'POST', `/api/runs/${runId}/cancel`, { reason: 'x' })).body['code']).toBe(
        'RUN_NOT_FOUND',
      );
      expect((await ask('mallory', 'GET', '/api/runs')).body['items']).toEqual([]);
      expect((await ask('mallory', 'GET', '/api/runs/not-a-run')).body['code']).toBe('RUN_NOT_FOUND');
    });

    it('is listed in pages, and a cursor belongs to its list', async () => {
      await submit();
      await submit();
      const first = await ask('ada', 'GET', '/api/runs?limit=1');
      const cursor = first.body['nextCursor'] as string;
      const second = await ask('ada', 'GET', `/api/runs?limit=1&cursor=${cursor}`);
      expect((second.body['items'] as JsonObject[])[0]?.['runId']).not.toBe(
        (first.body['items'] as JsonObject[])[0]?.['runId'],
      );
      expect((await ask('ada', 'GET', `/api/runs?limit=1&status=queued&cursor=${cursor}`)).status).toBe(422);
      expect((await ask('mallory', 'GET', `/api/runs?limit=1&cursor=${cursor}`)).status).toBe(422);
      expect((await ask('ada', 'GET', '/api/runs?stuck=any')).body['items']).toEqual([]);
    });

    it('has times for a timeline, compact and in pages', async () => {
      const runId = await submit();
      const { body: run } = await ask('ada', 'GET', `/api/runs/${runId}`);
      const created = Date.parse(run['createdAt'] as string);
      const events: readonly (readonly [number, object])[] = [
        [10, { type: 'run.started' }],
        [11, { type: 'step.started', step: 'scan', attempt: 1, execution: 1 }],
        [20, { type: 'attempt.failed', step: 'scan', execution: 1 }],
        [20, { type: 'step.retrying', step: 'scan', attempt: 2 }],
        [40, { type: 'step.started', step: 'scan', attempt: 2, execution: 2 }],
        [50, { type: 'attempt.succeeded', step: 'scan', execution: 2 }],
        [51, { type: 'step.ended', step: 'scan', status: 'succeeded' }],
      ];
      const entries = events.map(([at, event], number) => ({
        seq: number + 1,
        at: created + at,
        kind: 'derived',
        event,
      }));
      const row = { parent: '', label: null, reason: null, nextAttemptAt: null, children: null };
      const none = { outputs: null, outputsRef: null, reusedFrom: null, error: null };
      const steps = [
        {
          step: 'scan',
          kind: 'run',
          status: 'succeeded',
          attempts: 2,
          startedAt: created + 11,
          finishedAt: created + 51,
        },
        { step: 'approve', kind: 'gate', status: 'waiting', attempts: 0, startedAt: created + 52, finishedAt: null },
        { step: 'quick', kind: 'gate', status: 'pending', attempts: 0, startedAt: null, finishedAt: null },
      ].map((step, place) => ({ ...step, place, ...row, ...none }) as Commit['steps'][number]);
      await commit(runId, ({ admissionDigest }) => ({
        steps,
        page: { first: 1, entries: entries as never, values: {}, prev: admissionDigest, hash: sha256(runId) },
      }));
      const path = `/api/runs/${runId}/timings`;
      const first = await promised('Timings', 'ada', 'GET', path);
      const scan = ['scan', '', 'run', 'succeeded', 10, 11, 51];
      const attempts = [
        [1, 1, 11, 20, 'failed'],
        [2, 2, 40, 50, 'succeeded'],
      ];
      const approve = ['approve', '', 'gate', 'waiting', 51, 52, null, []];
      expect(first.body).toMatchObject({ runId, origin: run['createdAt'], items: [[...scan, attempts], approve] });
      const rest = await promised('Timings', 'ada', 'GET', `${path}?cursor=${first.body['nextCursor'] as string}`);
      expect([rest.body['items'], rest.body['nextCursor']]).toEqual([
        [['quick', '', 'gate', 'pending', null, null, null, []]],
        null,
      ]);
      expect(((await ask('ada', 'GET', `${path}?limit=1`)).body['items'] as Json[]).length).toBe(1);
      const counts = `/api/runs/${runId}/step-counts`;
      expect((await promised('StepCounts', 'ada', 'GET', counts)).body).toMatchObject({
        parent: '',
        steps: { total: 3, succeeded: 1, waiting: 1, pending: 1, failed: 0 },
      });
      const inner = (await ask('ada', 'GET', `${counts}?parent=scan`)).body;
      expect(inner).toMatchObject({ parent: 'scan', steps: { total: 0 } });
      expect((await ask('mallory', 'GET', counts)).body['code']).toBe('RUN_NOT_FOUND');
      const known = { 'If-None-Match': first.headers.get('etag') ?? '' };
      expect((await ask('ada', 'GET', path, undefined, known)).status).toBe(304);
      expect((await ask('mallory', 'GET', path)).body['code']).toBe('RUN_NOT_FOUND');
      expect((await ask('ada', 'GET', `${path}?cursor=x`)).body['code']).toBe('REQUEST_INVALID');
    });

    it('is cancelled by whom it belongs to', async () => {
      const runId = await submit();
      expect((await ask('linus', 'POST', `/api/runs/${runId}/cancel`, { reason: 'no' })).body['code']).toBe(
        'RUN_NOT_YOURS',
      );
      const reply = await promised('Run', 'ada', 'POST', `/api/runs/${runId}/cancel`, { reason: 'wrong target' });
      expect([reply.status, reply.body['status']]).toEqual([202, 'cancelling']);
      expect((await ask('ops', 'POST', `/api/runs/${runId}/cancel`, { reason: 'again', force: true })).status).toBe(
        202,
      );
      // The first request, also after a second one, which adds force.
      const { cancellation } = (await promised('Run', 'ada', 'GET', `/api/runs/${runId}`)).body;
      expect(cancellation).toEqual({
        by: { iss: expect.any(String) as string, sub: 'ada', name: 'Ada' },
        ...{ reason: 'wrong target', force: true, requestedAt: expect.stringMatching(/Z$/) as string },
      });
      const { items } = (await ask('ada', 'GET', '/api/runs?status=cancelling')).body as { items: object[] };
      expect(items).toContainEqual(expect.objectContaining({ runId, cancellation }));
    });

    it('has texts whose characters are counted as in JSON Schema: a pair of surrogates is one', async () => {
      const of = (count: number): string => '\u{1f600}'.repeat(count);
      const runId = await submit({ labels: { [of(63)]: of(256) } });
      expect((await ask('ada', 'GET', `/api/runs/${runId}`)).body['labels']).toEqual({ [of(63)]: of(256) });
      for (const [q, status] of [
        [of(200), 200],
        [of(201), 422],
      ] as const)
        expect((await ask('ada', 'GET', `/api/runs?q=${encodeURIComponent(q)}`)).status).toBe(status);
      for (const labels of [{ [of(64)]: 'x' }, { x: of(257) }]) {
        const { status, body } = await ask('ada', 'POST', '/api/runs', { manifest: '', labels });
        expect([status, body['code']]).toEqual([422, 'REQUEST_INVALID']);
      }
    });

    it('that has ended is not cancelled again, also by somebody who had cancelled it before', async () => {
      const runId = await submit();
      const cancel = async () => {
        const { status, body } = await ask('ada', 'POST', `/api/runs/${runId}/cancel`, {});
        return [status, body['status']];
      };
      expect([await cancel(), await cancel()]).toEqual([
        [202, 'cancelling'],
        [202, 'cancelling'],
      ]);
      await api.commit(runId, { state: { status: 'cancelled', finishedAt: 5, lastLine: 0 }, seen: 1 });
      expect(await cancel()).toEqual([200, 'cancelled']);
    });

    it('is cancelled without a body or a reason too', async () => {
      const runId = await submit();
      expect((await ask('ada', 'POST', `/api/runs/${runId}/cancel`)).body['status']).toBe('cancelling');
      const other = await submit();
      expect((await ask('ada', 'POST', `/api/runs/${other}/cancel`, {})).status).toBe(202);
      for (const [body, code] of [
        ['{', 'BODY_UNREADABLE'],
        ['{"reason":" "}', 'REQUEST_INVALID'],
        ['{"colour":1}', 'REQUEST_INVALID'],
      ])
        expect((await ask('ada', 'POST', `/api/runs/${other}/cancel`, body)).body['code']).toBe(code);
      const form = await ask('ada', 'POST', `/api/runs/${other}/cancel`, 'a=b', { 'content-type': 'text/plain' });
      expect(form.status).toBe(415);
    });

    it('can be waited for', async () => {
      const runId = await submit();
      const { headers } = await ask('ada', 'GET', `/api/runs/${runId}`);
      const tag = headers.get('etag') ?? '';
      expect((await ask('ada', 'GET', `/api/runs/${runId}`, undefined, { 'if-none-match': tag })).status).toBe(304);
      const due = Date.now() + 900;
      expect(
        (await ask('ada', 'GET', `/api/runs/${runId}?wait=1s&for=change`, undefined, { 'if-none-match': tag })).status,
      ).toBe(304);
      // Beside other work the answer comes later than asked for, never earlier.
      expect(Date.now()).toBeGreaterThan(due);
      const waiting = ask('ada', 'GET', `/api/runs/${runId}?wait=20s&for=change`, undefined, { 'if-none-match': tag });
      await ask('ada', 'POST', `/api/runs/${runId}/cancel`, { reason: 'x' });
      expect((await waiting).body).toMatchObject({ status: 'cancelling' });
    });
  });
}
