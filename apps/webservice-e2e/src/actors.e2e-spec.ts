import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { readTar } from '@taskrunner/infrastructure/archive';
import type { Json } from '@taskrunner/core/foundation';
import { Caller, DevStack, pack, type Answer } from './stack/stack';

const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };
const GATED = `- { id: go, gate: { approval: owners, message: "go?" } }
- { id: act, needs: [go], effects: idempotent, run: { uses: "builtin:noop" } }`;
const owners = (minApprovals = 1): string =>
  `  approvals: [ { id: owners, grants: [packs.approve], minApprovals: ${minApprovals} } ]\n`;

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

describe('who acts for a person', () => {
  let folder: string;
  let stack: DevStack;
  let issuer: string;
  let sql: Client;
  let ada: Caller;
  let grace: Caller;
  let linus: Caller;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-actors-'));
    stack = await DevStack.shared('plain');
    issuer = stack.issuer;
    ada = await through('ada');
    grace = await through('grace');
    linus = await through('linus');
    const url = Object.assign(new URL(stack.database.adminUrl), {
      pathname: new URL(stack.database.ownerUrl).pathname,
    });
    sql = new Client({ connectionString: url.href });
    await sql.connect();
  }, 180_000);

  afterAll(async () => {
    await sql?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function through(login: string, ...actors: readonly string[]): Promise<Caller> {
    return new Caller(stack.server, await stack.tokenFor(login, actors));
  }

  async function waiting(by: Caller = ada, minApprovals = 1): Promise<string> {
    const run = await by.submit(pack(GATED, owners(minApprovals)));
    await by.until(run, ['waiting']);
    return run;
  }

  async function decide(by: Caller, run: string, decision = 'approved'): Promise<Answer> {
    const { planHash, gateDigest } = (await by.ask('GET', `/api/runs/${run}/gates/go`)).body;
    return by.ask('POST', `/api/runs/${run}/approve`, { gateId: 'go', decision, planHash, gateDigest });
  }

  async function audited(run: string): Promise<readonly Json[]> {
    const { rows } = await sql.query<{ event: string }>('select event from pack_runs.audit order by seq');
    return rows
      .map(({ event }) => (typeof event === 'string' ? (JSON.parse(event) as Record<string, Json>) : event))
      .filter((event) => event['type'] === 'gate.decision' && event['runId'] === run);
  }

  const actor = (sub: string, kind: 'person' | 'client') => ({ iss: issuer, sub, kind });

  it('is none of its initiators', async () => {
    const run = await waiting();
    const adaForGrace = await through('grace', 'ada');
    for (const decision of ['approved', 'rejected']) {
      const { status, body } = await decide(adaForGrace, run, decision);
      expect([status, body['code']]).toEqual([403, 'GATE_SELF_APPROVAL']);
    }
    const behind = await decide(await through('grace', 'ada', 'ci'), run);
    expect([behind.status, behind.body['code']]).toEqual([403, 'GATE_SELF_APPROVAL']);
    const gate = await adaForGrace.ask('GET', `/api/runs/${run}/gates/go`);
    expect(gate.body).toMatchObject({ canDecide: false, why: 'GATE_SELF_APPROVAL', decisions: [] });
    expect((await adaForGrace.ask('GET', '/api/approvals?mine=true')).body['items']).toEqual([]);
    const refused = { outcome: 'refused', code: 'GATE_SELF_APPROVAL', person: { iss: issuer, sub: 'grace' } };
    expect(await audited(run)).toMatchObject([
      { ...refused, actors: [actor('ada', 'client')] },
      { ...refused, actors: [actor('ada', 'client')] },
      { ...refused, actors: [actor('ci', 'client'), actor('ada', 'client')] },
    ]);
    expect((await ada.summary(run))['status']).toBe('waiting');
  }, 120_000);

  it('uses up no tries of the person for whom it acts', async () => {
    const run = await waiting();
    const adaForGrace = await through('grace', 'ada');
    // On a slow machine some of the limit is replenished in the meantime.
    let status = 0;
    for (let tries = 0; status !== 429 && tries < 60; tries++) ({ status } = await decide(adaForGrace, run));
    expect(status).toBe(429);
    const own = await decide(grace, run);
    expect([own.status, own.body['status']]).toEqual([200, 'approved']);
  }, 60_000);

  it('is no program that is not configured', async () => {
    const run = await waiting();
    const { status, body } = await decide(await through('grace', 'ops'), run);
    expect([status, body['code']]).toEqual([403, 'GATE_NOT_A_PERSON']);
    expect(body['remediation']).toContain('approvals.actors');
  }, 60_000);

  it('lets a configured program act, and tells of it', async () => {
    const run = await waiting();
    const { status, body } = await decide(await through('grace', 'ci'), run);
    expect(status).toBe(200);
    const { payload } = body['receipt'] as { payload: string };
    const record = JSON.parse(Buffer.from(payload, 'base64').toString()) as object;
    expect(record).toMatchObject({ person: { sub: 'grace' }, actors: [actor('ci', 'client')] });
    const gate = await grace.ask('GET', `/api/runs/${run}/gates/go`);
    expect(gate.body['request']).toMatchObject({ requirement: { actors: [{ iss: issuer, sub: 'ci' }] } });
    expect(gate.body['decisions']).toMatchObject([{ person: { sub: 'grace' }, actors: [actor('ci', 'client')] }]);
    expect(await audited(run)).toMatchObject([{ outcome: 'decided', actors: [actor('ci', 'client')] }]);

    await ada.until(run, ['succeeded']);
    const bundle = await ada.sealed(run);
    const files = await readTar(pieces(bundle), LIMITS);
    const sealed = JSON.parse(Buffer.from(files.get('decisions/1.json') ?? []).toString()) as { payload: string };
    expect(JSON.parse(Buffer.from(sealed.payload, 'base64').toString())).toEqual(record);
    const { status: exit, checks } = await verified(run, bundle);
    expect([exit, checks.filter(({ ok }) => !ok)]).toEqual([0, []]);
    const people = checks.find(({ name }) => name === 'decisions.people');
    expect(people).toMatchObject({ basis: 'recomputed', detail: '1 decisions, 1 of them through actors' });
  }, 120_000);

  async function verified(run: string, bundle: Uint8Array) {
    const file = join(folder, `${run}.tar`);
    writeFileSync(file, bundle);
    const args = ['verify', file, '--trust', stack.trustPath, '--allow-dev', '--json'];
    const { status, stdout } = await stack.taskrunner(args);
    type ShownActors = readonly {
      readonly name: string;
      readonly ok: boolean;
      readonly basis: string;
      readonly detail: string;
    }[];
    return { status, checks: (JSON.parse(stdout) as { checks: ShownActors }).checks };
  }

  it('initiates the runs that it submits for somebody', async () => {
    const run = await waiting(await through('ada', 'grace'));
    const { status, body } = await decide(grace, run);
    expect([status, body['code']]).toEqual([403, 'GATE_SELF_APPROVAL']);
    expect((await decide(linus, run)).status).toBe(200);
  }, 60_000);

  it('is used up as a person: once at a gate, as who decides or as who acts', async () => {
    const run = await waiting(ada, 2);
    const first = await decide(await through('grace', 'linus'), run);
    expect([first.status, first.body['status']]).toEqual([200, 'open']);
    for (const again of [linus, grace, await through('grace', 'ci')]) {
      const { status, body } = await decide(again, run);
      expect([status, body['code']]).toEqual([409, 'GATE_ALREADY_COUNTED']);
    }
    expect((await decide(await through('grace', 'linus'), run)).status).toBe(200);
    expect((await decide(grace, run, 'withdrawn')).status).toBe(200);
    expect((await decide(linus, run)).body).toMatchObject({ status: 'open', approvals: 1 });
    expect((await decide(grace, run)).body).toMatchObject({ status: 'approved', approvals: 2 });
    expect((await ada.until(run, ['succeeded', 'failed']))['status']).toBe('succeeded');
  }, 120_000);

  it('is shown to the caller', async () => {
    const { body } = await (await through('grace', 'ada', 'ci')).ask('GET', '/api/me');
    expect(body).toMatchObject({
      person: { sub: 'grace', kind: 'person' },
      actors: [actor('ci', 'client'), actor('ada', 'client')],
    });
  }, 60_000);
});
