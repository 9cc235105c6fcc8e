import { digestOf, sha256 } from '@taskrunner/core/canonical';
import type { Json, JsonObject, RunId } from '@taskrunner/core/foundation';
import type { ApiUnderTest } from './api-under-test';
import { MANIFEST } from './sample';

/** Tests of gates and decisions. */
export function describeGates(api: ApiUnderTest): void {
  const { ask, promised, commit, gated } = api;

  describe('a gate', () => {
    const decide = (login: string, runId: RunId, decision: JsonObject) =>
      ask(login, 'POST', `/api/runs/${runId}/approve`, decision);

    it('shows what is decided, and to whom', async () => {
      const { runId, decision } = await gated('approve');
      const { body } = await promised('Gate', 'grace', 'GET', `/api/runs/${runId}/gates/approve`);
      expect(digestOf(body['request'] as Json)).toBe(decision['gateDigest']);
      expect(body).toMatchObject({ gateDigest: decision['gateDigest'], canDecide: true, why: null, status: 'open' });
      // The configuration of this webservice lists nobody in `approvals.people`.
      expect(body['approversLeft']).toBeNull();
      expect((await ask('linus', 'GET', `/api/runs/${runId}/gates/approve`)).body).toMatchObject({
        canDecide: false,
        why: 'GATE_GRANT_MISSING',
      });
      const { body: mine } = await ask('grace', 'GET', '/api/approvals?mine=true');
      const [listed] = (mine['items'] as JsonObject[]).filter(({ runId: id }) => id === runId);
      const ofRun = { pack: { name: 'demo', version: '1.0.0' }, requester: { id: 'ada', name: 'Ada' } };
      expect([body, listed]).toMatchObject([ofRun, ofRun]);
      expect((await ask('linus', 'GET', '/api/approvals?mine=true')).body['items']).not.toContainEqual(
        expect.objectContaining({ runId }),
      );
    });

    it('is listed with the other open ones in pages, each once', async () => {
      const made = [await gated('approve'), await gated('quick'), await gated('quick')].map(({ runId }) => runId);
      const all = (await ask('grace', 'GET', '/api/approvals?limit=200')).body;
      expect(all['nextCursor']).toBeNull();
      const names = (body: JsonObject) =>
        (body['items'] as unknown as { runId: string; gateId: string }[]).map(
          ({ runId, gateId }) => `${runId} ${gateId}`,
        );
      for (const [query, login, expected] of [
        ['', 'grace', names(all)],
        ['&mine=true', 'linus', names((await ask('linus', 'GET', '/api/approvals?limit=200&mine=true')).body)],
      ] as const) {
        const seen: string[] = [];
        for (let cursor: string | null = ''; cursor !== null;) {
          const page: JsonObject = (
            await ask(login, 'GET', `/api/approvals?limit=1${query}${cursor === '' ? '' : `&cursor=${cursor}`}`)
          ).body;
          expect(names(page).length).toBeLessThanOrEqual(1);
          seen.push(...names(page));
          cursor = page['nextCursor'] as string | null;
        }
        expect(seen).toEqual(expected);
        expect(seen.filter((name) => made.some((runId) => name.startsWith(runId))).length).toBeGreaterThanOrEqual(2);
      }
      for (const login of ['grace', 'linus']) {
        const mine = names((await ask(login, 'GET', '/api/approvals?limit=200&mine=true')).body).length;
        const counted = await promised('ApprovalCounts', login, 'GET', '/api/approvals/count');
        expect(counted.body).toEqual({ open: names(all).length, mine, atLeast: false });
      }
      expect((await ask('ada', 'GET', '/api/approvals/count')).body['code']).toBe('SCOPE_MISSING');
      const nextCursor = (await ask('grace', 'GET', '/api/approvals?limit=1')).body['nextCursor'] as string;
      for (const path of [
        `/api/approvals?mine=true&cursor=${nextCursor}`,
        `/api/runs?cursor=${nextCursor}`,
        '/api/approvals?cursor=x',
      ])
        expect([path, (await ask('grace', 'GET', path)).status]).toEqual([path, 422]);
    });

    it('shows what differs from the plan that was approved before', async () => {
      const first = await gated('approve');
      expect((await decide('grace', first.runId, first.decision)).status).toBe(200);
      const { runId } = await gated('approve');
      const { body } = await promised('Gate', 'grace', 'GET', `/api/runs/${runId}/gates/approve`);
      const by = [expect.objectContaining({ sub: 'grace', name: 'Grace' })];
      expect(body['planDiff']).toMatchObject({
        ...{ against: first.runId, approvedAt: expect.any(String), approvedBy: by },
        ...{ diff: { same: true, steps: [] }, why: null },
      });
      // What counts is when it was approved, not when its run was submitted; of a decided gate, what was approved before.
      const [older, newer] = [await gated('approve'), await gated('approve')];
      for (const { runId: of, decision } of [newer, older])
        expect((await decide('grace', of, decision)).status).toBe(200);
      const against = async (of: string) => {
        const found = await promised('Gate', 'grace', 'GET', `/api/runs/${of}/gates/approve`);
        return (found.body['planDiff'] as JsonObject)['against'];
      };
      expect([await against(runId), await against(older.runId), await against(newer.runId)]).toEqual([
        older.runId,
        newer.runId,
        first.runId,
      ]);
      const { body: mine } = await ask('grace', 'GET', '/api/approvals?mine=true');
      expect((mine['items'] as JsonObject[]).map(({ planDiff }) => planDiff)).toContain(null);
    });

    it('refuses whoever may not decide, or decides on something else', async () => {
      const { runId, decision } = await gated('approve');
      const other = sha256('other');
      const refusals: [string, JsonObject, number, string][] = [
        ['linus', {}, 403, 'GATE_GRANT_MISSING'],
        ['grace', { gateDigest: other }, 409, 'GATE_STALE'],
        ['grace', { planHash: other }, 409, 'PLAN_HASH_MISMATCH'],
        ['grace', { gateId: 'quick' }, 409, 'GATE_NOT_OPEN'],
        ['grace', { gateId: 'nothing' }, 404, 'GATE_NOT_FOUND'],
        ['grace', { onBehalfOf: { iss: api.issuer, sub: 'linus' } }, 403, 'DELEGATION_INVALID'],
        ['grace', { response: { size: 1 } }, 422, 'GATE_RESPONSE_INVALID'],
        ['grace', { proof: { payload: '' } }, 403, 'GATE_TOKEN_MISMATCH'],
      ];
      for (const [login, change, status, code] of refusals) {
        const reply = await decide(login, runId, { ...decision, ...change });
        expect([change, reply.status, reply.body['code']]).toEqual([change, status, code]);
      }
      const { gateDigest: _left, ...bare } = decision;
      expect((await decide('grace', runId, bare)).body['code']).toBe('GATE_STALE');
      expect((await ask('ada', 'POST', `/api/runs/${runId}/approve`, decision)).body['code']).toBe('SCOPE_MISSING');
      expect((await ask('mallory', 'POST', `/api/runs/${runId}/approve`, decision)).body['code']).toBe('RUN_NOT_FOUND');
    });

    it('opens for a decision that is signed, once', async () => {
      const { runId, decision } = await gated('approve');
      const first = await promised('DecisionReceipt', 'grace', 'POST', `/api/runs/${runId}/approve`, {
        ...decision,
        reason: 'reviewed',
      });
      expect(first.body).toMatchObject({ gateId: 'approve', status: 'approved', approvals: 1, required: 1 });
      const { payload } = first.body['receipt'] as unknown as { payload: string };
      expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
        schema: 'taskrunner.decision.v1',
        bound: 'gate',
        person: { iss: api.issuer, sub: 'grace' },
        grants: ['packs.approve', 'role:sec-lead'],
        reason: 'reviewed',
        proof: { kind: 'service' },
      });
      const again = await decide('grace', runId, { ...decision, reason: 'again' });
      expect([again.status, again.body['receipt']]).toEqual([200, first.body['receipt']]);
      expect((await decide('grace', runId, { ...decision, decision: 'rejected' })).body['code']).toBe('GATE_DECIDED');
    });

    it('asks for a reason and for its form, and later approvers confirm the same', async () => {
      const { runId, decision } = await gated(
        'quick',
        {},
        MANIFEST.replace('id: quick, grants', 'id: quick, minApprovals: 2, grants'),
      );
      const full = { ...decision, reason: 'ok', response: { size: 3 } };
      expect((await decide('linus', runId, { ...full, reason: ' ' })).body['code']).toBe('GATE_REASON_REQUIRED');
      const wrong = await decide('linus', runId, { ...full, response: { size: 'x', more: 1 } });
      expect(wrong.body).toMatchObject({ code: 'GATE_RESPONSE_INVALID' });
      expect((wrong.body['errors'] as JsonObject[]).map(({ path }) => path)).toEqual(
        expect.arrayContaining(['/response/size']),
      );
      const withdrawal = { ...full, decision: 'withdrawn', response: null };
      const early = await decide('linus', runId, withdrawal);
      expect([early.status, early.body['code']]).toEqual([409, 'GATE_NOT_APPROVED']);
      expect((await decide('linus', runId, full)).body).toMatchObject({ status: 'open', approvals: 1, required: 2 });
      expect((await decide('linus', runId, withdrawal)).body).toMatchObject({
        status: 'open',
        approvals: 0,
      });
      expect((await decide('linus', runId, full)).body).toMatchObject({ approvals: 1 });
      expect((await decide('grace', runId, { ...full, response: { size: 4 } })).body['code']).toBe(
        'GATE_RESPONSE_INVALID',
      );
      expect((await decide('grace', runId, full)).body).toMatchObject({ status: 'approved', approvals: 2 });
      const { body } = await promised('Gate', 'ada', 'GET', `/api/runs/${runId}/gates/quick`);
      const personOf = async (login: string) => {
        const { iss, sub, name } = (await ask(login, 'GET', '/api/me')).body['person'] as JsonObject;
        return { iss, sub, name };
      };
      const [linus, grace] = [await personOf('linus'), await personOf('grace')];
      expect(body['decisions']).toMatchObject([
        { decision: 'approved', person: linus, withdrawn: true, reason: 'ok', onBehalfOf: null, actors: [] },
        { decision: 'withdrawn', person: linus, withdrawn: false, reason: 'ok' },
        { decision: 'approved', person: linus, withdrawn: false },
        { decision: 'approved', person: grace, withdrawn: false },
      ]);
      const times = (body['decisions'] as JsonObject[]).map(({ decidedAt }) => decidedAt as string);
      expect(times).toEqual([...times].sort());
      expect(linus['name']).not.toBe(linus['sub']);
    });

    it('may be decided by the plan alone where that says everything', async () => {
      const { runId, decision } = await gated('approve', { reads: {} });
      const { gateDigest: _left, ...bare } = decision;
      const { status, body } = await decide('grace', runId, bare);
      expect(status).toBe(200);
      const { payload } = body['receipt'] as unknown as { payload: string };
      expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
        bound: 'plan',
        gateDigest: decision['gateDigest'],
      });
    });

    it('wants a fresh sign-in where it says so', async () => {
      const { runId, decision } = await gated(
        'approve',
        {},
        MANIFEST.replace('id: prod,', 'id: prod, maxAuthAge: 1s,'),
      );
      const { status, headers, body } = await decide('grace', runId, decision);
      expect([status, body['code']]).toEqual([401, 'GATE_AUTH_TOO_OLD']);
      expect(headers.get('www-authenticate')).toMatch(/error="insufficient_user_authentication".*max_age="1"/);
    });

    it('does not let initiators decide', async () => {
      const { body } = await ask('linus', 'POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'app:1' } });
      const runId = body['runId'] as RunId;
      const { decision } = await gated('quick');
      const gate = (await ask('linus', 'GET', `/api/approvals`)).body['items'] as JsonObject[];
      const shown = gate.find((one) => one['gateDigest'] === decision['gateDigest'])?.['request'] as JsonObject;
      let gateDigest = '';
      await commit(runId, ({ planHash, profileDigest, admissionDigest }) => {
        const request = { ...shown, runId, planHash, profileDigest, admissionDigest };
        gateDigest = digestOf(request);
        const expiresAt = Date.parse(shown['expiresAt'] as string);
        const opened = { kind: 'opened' as const, gate: 'quick', approval: 'quick', show: {}, required: 1, expiresAt };
        return { gates: [{ ...opened, gateDigest: digestOf(request), request }] };
      });
      const reply = await decide('linus', runId, {
        ...decision,
        planHash: body['planHash'] ?? null,
        gateDigest,
        reason: 'me',
      });
      expect([reply.status, reply.body['code']]).toEqual([403, 'GATE_SELF_APPROVAL']);
    });

    it('takes a token that is bound to it, once and nowhere else', async () => {
      const { runId, decision } = await gated('approve', {}, MANIFEST, 'token');
      expect((await decide('grace', runId, decision)).body['code']).toBe('GATE_TOKEN_MISMATCH');
      const detail = {
        type: 'pack_decision',
        pack_run_id: runId,
        pack_gate_id: 'approve',
        pack_plan_hash: decision['planHash'] ?? null,
        pack_gate_digest: decision['gateDigest'] ?? null,
        pack_decision: 'approved',
      };
      const token = await api.boundToken('grace', detail);
      expect((await ask(token, 'GET', '/api/me')).body['code']).toBe('TOKEN_BOUND');
      expect((await decide(token, runId, { ...decision, decision: 'rejected' })).body['code']).toBe(
        'GATE_TOKEN_MISMATCH',
      );
      const { status, body } = await decide(token, runId, decision);
      expect(status).toBe(200);
      const { payload } = body['receipt'] as unknown as { payload: string };
      expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
        proof: { kind: 'token', jws: token },
      });
    });
  });
}
