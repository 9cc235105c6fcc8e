import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { Caller, pack, pause, startStack, type DevStack } from './stack/stack';

// An outside party keeps exports and checkpoints of the audit chain, and detects removals by a database administrator.

const GATED = pack(
  `- { id: approve, gate: { approval: owners, message: "go?" } }`,
  '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n',
);

interface Checked {
  readonly exit: number;
  readonly failing: readonly string[];
  readonly out: string;
}

describe('checkpoints of the audit chain', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let ops: string;
  let sql: Client;
  let run: string;
  let bundle: string;

  const at = (name: string): string => join(folder, name);
  async function taskrunner(...args: readonly string[]): Promise<{ exit: number; out: string; err: string }> {
    const env = { ...process.env, TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: ops };
    const { status, stdout, stderr } = await stack.taskrunner(args, env);
    return { exit: status, out: stdout, err: stderr };
  }
  function failingOf({ exit, out }: { exit: number; out: string }): Checked {
    const { checks } = JSON.parse(out) as { checks: { name: string; ok: boolean; detail: string }[] };
    return { exit, failing: checks.filter(({ ok }) => !ok).map(({ name }) => name), out };
  }
  const audit = async (file: string): Promise<Checked> =>
    failingOf(await taskrunner('audit', 'verify', file, '--checkpoints', at('checkpoints'), '--trust', stack.trustPath, '--allow-dev', '--json')); // prettier-ignore
  const verify = async (...more: readonly string[]): Promise<Checked> =>
    failingOf(await taskrunner('verify', bundle, '--trust', stack.trustPath, '--allow-dev', '--json', ...more));
  const linesOf = (file: string): readonly { seq: number; event: Record<string, unknown> }[] =>
    readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as never); // prettier-ignore

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-audit-'));
    stack = await startStack(join(folder, 'state'), {
      configuration: { audit: { checkpointEvery: '1s', refusals: { every: '1s', tenant: 'acme' } } },
    });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    ops = await stack.tokenFor('ops');
    sql = new Client({
      connectionString: Object.assign(new URL(stack.database.adminUrl), {
        pathname: new URL(stack.database.ownerUrl).pathname,
      }).href,
    });
    await sql.connect();
    const grace = new Caller(stack.server, await stack.tokenFor('grace'));
    run = await ada.submit(GATED);
    await ada.until(run, ['waiting']);
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    bundle = at('bundle.tar');
    writeFileSync(bundle, await ada.sealed(run));
  }, 180_000);

  afterAll(async () => {
    await sql?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('are signed while the chain grows, and prove that it is complete up to them', async () => {
    const found = await taskrunner('audit', 'export', '--file', at('export'));
    expect([found.err, found.exit]).toEqual(['', 0]);
    const entries = linesOf(at('export'));
    expect(entries.map(({ event }) => event['type'])).toEqual(['run.submitted', 'gate.decision', 'run.sealed']);
    const { planHash } = await ada.summary(run);
    expect(entries[0]?.event).toMatchObject({ runId: run, planHash, person: { sub: 'ada' }, actors: [] });
    for (let tries = 0; tries < 120; tries++) {
      expect((await taskrunner('audit', 'checkpoints', '--file', at('checkpoints'))).exit).toBe(0);
      if (existsSync(at('checkpoints')) && (await audit(at('export'))).out.includes(`all ${entries.length} entries`))
        break;
      await pause(500);
    }
    expect(await audit(at('export'))).toMatchObject({ exit: 0, failing: [] });
    const kept = readFileSync(at('checkpoints'), 'utf8');
    // An editor has removed the last newline.
    for (const [name, command] of [
      ['export', 'export'],
      ['checkpoints', 'checkpoints'],
    ] as const) {
      const [first = ''] = readFileSync(at(name), 'utf8').split('\n');
      writeFileSync(at(`${name}-first`), first);
      const continued = await taskrunner('audit', command, '--file', at(`${name}-first`));
      expect([continued.exit, linesOf(at(`${name}-first`))]).toEqual([0, linesOf(at(name))]);
    }
    // Each file in the place of the other one, and one that was cut.
    for (const args of [
      ['export', '--file', at('checkpoints')],
      ['checkpoints', '--file', at('export')],
    ]) {
      const swapped = await taskrunner('audit', ...args);
      expect([swapped.exit, swapped.err]).toEqual([9, expect.stringMatching(/^CLI_AUDIT_CHAIN .*\nhelp: It has /)]);
    }
    writeFileSync(at('cut-line'), readFileSync(at('export'), 'utf8').slice(0, -40));
    const cut = await taskrunner('audit', 'export', '--file', at('cut-line'));
    expect([cut.exit, cut.err]).toEqual([9, expect.stringContaining('last line is incomplete')]);
    expect((await taskrunner('audit', 'checkpoints')).out).toBe(kept);
    // The chain has not grown, so nothing is added and no checkpoint is signed.
    await pause(2_500);
    expect((await taskrunner('audit', 'checkpoints', '--file', at('checkpoints'))).out).toContain('0 entries appended');
    expect(readFileSync(at('checkpoints'), 'utf8')).toBe(kept);
  }, 120_000);

  it('show that the seal of a bundle and its decisions are in the chain', async () => {
    const supplied = ['--checkpoints', at('checkpoints'), '--audit', at('export')];
    const { exit, failing, out } = await verify(...supplied);
    expect([exit, failing]).toEqual([0, []]);
    expect(out).toContain('"name":"checkpoints","ok":true,"basis":"recomputed"');
    expect(await verify('--checkpoints', at('checkpoints'))).toMatchObject({ exit: 0, failing: [] });
    writeFileSync(at('short'), `${readFileSync(at('export'), 'utf8').split('\n')[0] ?? ''}\n`);
    expect(await verify('--audit', at('short'))).toMatchObject({ exit: 9, failing: ['checkpoints'] });
    expect((await taskrunner('verify', bundle, '--trust', stack.trustPath, '--audit', at('nowhere'))).exit).toBe(2);
  });

  it('are for administrators', async () => {
    for (const path of ['/api/audit', '/api/audit/checkpoints']) {
      expect((await ada.ask('GET', path)).body['code']).toBe('SCOPE_MISSING');
      const admin = new Caller(stack.server, ops);
      expect((await admin.ask('GET', `${path}?limit=1`)).status).toBe(200);
      expect((await admin.ask('GET', `${path}?limit=0`)).body['code']).toBe('REQUEST_INVALID');
    }
  });

  it('cover what was refused: once for each reason and person, however often, and nothing of a token', async () => {
    const forged = `${ops.slice(0, -6)}AAAAAA`;
    const strangers = [new Caller(stack.server, null), new Caller(stack.server, forged)];
    for (let i = 0; i < 5; i++) {
      for (const stranger of strangers) expect((await stranger.ask('GET', '/api/runs')).status).toBe(401);
      expect((await ada.ask('GET', '/api/approvals')).status).toBe(403);
    }
    const admin = new Caller(stack.server, ops);
    let events: readonly Record<string, unknown>[] = [];
    const countOf = (code: string, sub: string | null): number =>
      events
        .filter(({ code: one, person }) => one === code && ((person as { sub: string } | null)?.sub ?? null) === sub)
        .reduce((sum, { count }) => sum + (count as number), 0);
    // Each reason and person has a separate window, and they end one after the other.
    const counts = () => [
      countOf('TOKEN_MISSING', null),
      countOf('TOKEN_INVALID', null),
      countOf('SCOPE_MISSING', 'ada'),
    ];
    for (let tries = 0; tries < 160 && counts().some((count, i) => count < ([5, 5, 7][i] ?? 0)); tries++) {
      await pause(250);
      const { body } = await admin.ask('GET', '/api/audit?limit=1000');
      events = (body['items'] as { event: Record<string, unknown> }[])
        .map(({ event }) => event)
        .filter(({ type }) => type === 'request.refused');
    }
    expect(counts()).toEqual([5, 5, 7]);
    // Windows of one second may end between them. There are still fewer entries than requests.
    expect(events.length).toBeLessThan(17);
    expect(JSON.stringify(events)).not.toContain(forged.slice(0, 40));
    expect(events.find(({ code }) => code === 'TOKEN_INVALID')).toMatchObject({ address: '127.0.0.1', status: 401 });
  }, 60_000);

  it('show entries that were cut from the end, and a chain that was written anew', async () => {
    await sql.query("set session_replication_role = 'replica'");
    // The run, its evidence and its seal are removed, and the counter is set back: the database is consistent.
    await sql.query(`delete from pack_runs.audit where seq > 2`);
    await sql.query(`update pack_runs.audit_heads h set seq = 2, head = a.hash, prev = a.prev from pack_runs.audit a where a.seq = 2`); // prettier-ignore
    await sql.query('delete from pack_runs.audit_checkpoints');
    expect((await taskrunner('audit', 'export', '--file', at('cut'))).exit).toBe(0);
    expect(linesOf(at('cut'))).toHaveLength(2);
    const cut = await audit(at('cut'));
    expect([cut.exit, cut.failing]).toEqual([9, ['audit.complete']]);
    expect(cut.out).toContain('truncated');
    // The first entry is replaced and its hash recomputed: another chain.
    await sql.query('delete from pack_runs.audit where seq > 1');
    await sql.query(`update pack_runs.audit set event = '{"type":"other"}', hash = pack_runs.audit_hash(at_ms, '{"type":"other"}', null, 1)`); // prettier-ignore
    await sql.query(
      'update pack_runs.audit_heads h set seq = 1, prev = null, head = a.hash, at_ms = a.at_ms from pack_runs.audit a',
    );
    await sql.query(`select pack_runs.append_audit('acme', '{"type":"more"}')`);
    expect((await taskrunner('audit', 'export', '--file', at('other'))).exit).toBe(0);
    // What was kept is not continued with entries of the other chain.
    const continued = await taskrunner('audit', 'export', '--file', at('cut'));
    expect([continued.exit, linesOf(at('cut')).length]).toEqual([9, 2]);
    expect(continued.err).toContain('CLI_AUDIT_CHAIN');
    expect(await audit(at('other'))).toMatchObject({ exit: 9, failing: ['audit.complete'] });
    expect(await verify('--audit', at('other'))).toMatchObject({ exit: 9, failing: ['checkpoints'] });
  }, 60_000);
});
