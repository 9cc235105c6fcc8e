import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation, type Installation } from '@taskrunner/infrastructure/testing/installation';
import { smallInstallation, type Running, type SmallInstallation } from '../testing/small-installation';

// A small installation moves to a database server: the real commands on a real folder.

const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: gated, version: 1.0.0, description: For a test. }
spec:
  approvals: [ { id: owners, grants: ["role:lead"], minApprovals: 1 } ]
  inputs: [ { name: ask, type: boolean, default: true } ]
  steps:
    - { id: before, effects: idempotent, run: { uses: "builtin:command", with: { command: [sh, -c, "echo before"] } } }
    - { id: ask, needs: [before], when: "{{ inputs.ask }}", gate: { approval: owners, message: "Go on?" } }
    - { id: apply, needs: [ask], effects: idempotent, run: { uses: "builtin:command", with: { command: [sh, -c, "echo applied"] } } }
`;

let small: SmallInstallation;
let target: Installation;
const running: Running[] = [];

beforeAll(async () => {
  [small, target] = await Promise.all([smallInstallation(), installation()]);
  writeFileSync(join(small.folder, 'pack.yaml'), PACK);
}, 120_000);
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
});
afterAll(() => Promise.all([small?.remove(), target?.remove()]), 60_000);

const serve = async (config: string) => {
  const started = await small.serve(config);
  running.push(started);
  return started;
};

describe('taskrunner maintain import', () => {
  it('moves ended runs and runs at gates to a server, where they go on', async () => {
    const worker = { lease: '15s', claimInterval: '50ms' };
    const folder = small.configured('folder.json', { worker });
    const server = small.configured('server.json', {
      worker,
      database: {
        ...{ webUrl: target.urlOf('web'), workerUrl: target.urlOf('worker'), maintainUrl: target.urlOf('maintain') },
        ...{ poolSize: 4, allowUnsafe: true },
      },
      artifacts: { root: join(small.folder, 'server-objects') },
    });
    const importing = ['maintain', 'import', '--from', small.storage, '--config', server];
    const objects = ['--objects', join(small.folder, 'objects')];
    const first = await serve(folder);
    const ada = small.as('ada', first.url);
    const ended = (await ada('run', 'pack.yaml', '-i', 'ask=false', '--detach')).out.trim();
    const gated = [
      (await ada('run', 'pack.yaml', '--detach')).out.trim(),
      (await ada('run', 'pack.yaml', '--detach')).out.trim(),
    ];
    expect(await ada('evidence', ended, '--file', 'before.tar', '--wait', '60')).toMatchObject({ exit: 0 });
    for (const run of gated) expect(await ada('wait', run, '--for', 'attention')).toMatchObject({ exit: 8 });
    const held = await small.taskrunner(...importing, ...objects);
    expect(held).toMatchObject({ exit: 1, err: expect.stringContaining(`process ${first.child.pid}`) as string });
    expect(held.err).toMatch(/^STORAGE_HELD /m);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);

    // Without its objects nothing is imported, and the folder is as before.
    const lacking = await small.taskrunner(...importing);
    expect([lacking.exit, lacking.err]).toEqual([
      1,
      expect.stringMatching(/^(BACKUP_OBJECTS_MISSING|OBJECT_STORE_UNAVAILABLE) /m),
    ]);
    expect(await target.sql('select 1 from pack_runs.runs')).toEqual([]);

    const imported = await small.taskrunner(...importing, ...objects);
    expect([imported.exit, imported.err]).toEqual([0, '']);
    expect(imported.out).toMatch(
      /^imported \d+ rows of \d+ tables\nreferences to objects: \d+, copied\nruns that continue: 2\n/,
    );
    expect(readdirSync(small.folder).filter((name) => name.includes('.import-'))).toEqual([]);
    const stale = await small.taskrunner('serve', '--config', folder);
    expect([stale.exit, stale.err]).toEqual([1, expect.stringMatching(/^STORAGE_MOVED /m)]);
    const twice = await small.taskrunner(...importing, ...objects);
    expect([twice.exit, twice.err]).toEqual([1, expect.stringMatching(/^STORAGE_MOVED /m)]);

    const second = await serve(server);
    const [again, grace] = [small.as('ada', second.url), small.as('grace', second.url)];
    for (const run of gated) {
      const { out } = await grace('gates', run, '--output', 'json');
      const digest =
        /sha256:[0-9a-f]{64}/.exec(/"(?:gateDigest|digest)":\s*"(sha256:[0-9a-f]{64})"/.exec(out)?.[1] ?? '')?.[0] ??
        '';
      expect(await grace('approve', run, '--yes', '--gate-digest', digest, '--reason', 'read it')).toMatchObject({
        exit: 0,
      });
      expect(await again('wait', run)).toMatchObject({ exit: 0 });
      expect(await again('evidence', run, '--file', `${run}.tar`, '--wait', '60')).toMatchObject({ exit: 0 });
      expect(await small.taskrunner('verify', `${run}.tar`, '--trust', small.trust)).toMatchObject({ exit: 0 });
    }
    expect(await again('evidence', ended, '--file', 'after.tar')).toMatchObject({ exit: 0 });
    for (const bundle of ['before.tar', 'after.tar'])
      expect(
        await small.taskrunner('verify', bundle, '--trust', small.trust, '--expect', `run=${ended}`),
      ).toMatchObject({ exit: 0 });
    // Row security holds as `migrate` has set it.
    expect(
      await target.sql(`select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'pack_runs' and c.relkind in ('r', 'p') and c.relrowsecurity and not c.relforcerowsecurity`),
    ).toEqual([]);
    expect(await target.sql(`select 1 from pack_runs.audit where event::text like '%database.imported%'`)).toHaveLength(
      1,
    );
  }, 600_000);
});
