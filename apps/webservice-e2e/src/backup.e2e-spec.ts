import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EffectLog } from './stack/effect-log';
import { Caller, pack, pause, ROOT, startStack, type DevStack } from './stack/stack';
import { NODE_ENVIRONMENT } from './stack/node-environment';

const OWNERS = '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n';
const script = (text: string): string =>
  `{ uses: "builtin:script", with: { interpreter: [sh], source: "echo '{\\"n\\": \\"${text}\\"}' > $TASKRUNNER_OUTPUTS" } }`;

describe('a stack that is lost, and restored from its backup into a new one', () => {
  let folder: string;
  let log: EffectLog;
  let stack: DevStack;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-backup-'));
    log = await EffectLog.open(join(folder, 'effects.ndjson'));
    stack = await start('first', 1);
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    log?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const start = (name: string, workers: number): Promise<DevStack> =>
    startStack(join(folder, name), { workers, configuration: { sealedMode: { allow: [log.allowed] } } });

  /** Runs `taskrunner` with the configuration of the stack. */
  const taskrunner = (...args: readonly string[]) =>
    stack.taskrunner(args, { TASKRUNNER_CONFIG: stack.configurationPath });

  /** Runs `taskrunner` as a separate process. `most`: maximum size of a written file, blocks of 512 bytes. */
  function processOfTaskrunner(args: readonly string[], most: number | null = null) {
    const env = { ...NODE_ENVIRONMENT, TASKRUNNER_CONFIG: stack.configurationPath };
    const limit = most === null ? '' : `ulimit -f ${most}; `;
    const command = ['-c', `${limit}exec "$@"`, 'sh', process.execPath, join(ROOT, 'apps/cli/bin/taskrunner.js')];
    return spawnSync('sh', [...command, ...args], { encoding: 'utf8', env });
  }

  it('goes on where it stood; what may have acted since is asked, and done by nobody unasked; its evidence verifies', async () => {
    let [ada, grace] = [
      new Caller(stack.server, await stack.tokenFor('ada')),
      new Caller(stack.server, await stack.tokenFor('grace')),
    ];
    const ended = await ada.submit(pack(`- { id: only, run: ${script('ended')} }`));
    const bundle = createHash('sha256')
      .update(await ada.sealed(ended))
      .digest('hex');
    const gated = await ada.submit(
      pack(
        `- { id: before, run: ${script('before')} }
- { id: ask, gate: { approval: owners } }
- { id: afterwards, run: ${script('afterwards')} }`,
        OWNERS,
      ),
    );
    await ada.until(gated, ['waiting']);
    // One step has acted without a response when the backup is made. Another has not begun.
    log.answer = (path) => (path === '/pay' ? { afterMs: 600_000 } : {});
    const act = (id: string): string =>
      `- { id: ${id}, effects: once, run: { uses: "builtin:http", with: { method: POST, url: "${log.url(`/${id}`)}" } } }`;
    const acting = await ada.submit(pack(`${act('pay')}\n${act('ship')}`));
    while (log.paths('/pay').length === 0) await pause(50);

    const backup = join(folder, 'backup');
    // A full disk leaves no file under the name of the backup.
    const full = processOfTaskrunner(['maintain', 'backup', backup], 1);
    expect([full.status, full.stderr]).toEqual([1, expect.stringMatching(/^BACKUP_UNWRITABLE .*EFBIG/)]);
    expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual([]);
    // An altered object is reported. The backup is complete without it.
    const object = join(stack.stateDirectory, 'objects/t/acme/sha256', bundle.slice(0, 2), bundle);
    const bytes = readFileSync(object);
    chmodSync(object, 0o600);
    writeFileSync(object, 'altered');
    const lacking = await taskrunner('maintain', 'backup', join(folder, 'lacking'), '--with-objects');
    expect([lacking.status, lacking.stderr.split('\n')]).toEqual([
      1,
      [
        `altered in the object store: sha256:${bundle} of acme ${ended}`,
        'lost objects: 0, altered objects: 1, damaged rows: 0. The backup is otherwise complete.',
        '',
      ],
    ]);
    writeFileSync(object, bytes);
    const made = processOfTaskrunner(['maintain', 'backup', backup, '--with-objects']);
    expect([made.status, made.stderr]).toEqual([0, '']);
    expect(made.stdout).toMatch(/^ {2}admission SHA256:/m);
    expect(made.stdout).toMatch(/^ {2}journal-mac HKDF:\w{32}$/m);
    const digest = /manifest\.json (sha256:[0-9a-f]{64})/.exec(made.stdout)?.[1] ?? '';

    // The same command in an image.
    const env = { ...NODE_ENVIRONMENT, TASKRUNNER_CONFIG: stack.configurationPath };
    const job = [join(ROOT, 'docker/database.cjs'), 'backup', join(folder, 'of-an-image'), 'objects'];
    const imaged = spawnSync(process.execPath, job, { encoding: 'utf8', env });
    expect([imaged.status, imaged.stderr]).toEqual([0, '']);
    expect(JSON.parse(imaged.stdout)).toMatchObject({ objects: { copied: true, lost: 0 } });

    // An approval after the backup is lost with it. Everything else is lost too, except for the keys, which are stored separately.
    await grace.approve(gated, 'ask');
    await ada.until(gated, ['succeeded']);
    mkdirSync(join(folder, 'second'));
    cpSync(join(stack.stateDirectory, 'keys'), join(folder, 'second', 'keys'), {
      recursive: true,
      preserveTimestamps: true,
    });
    await stack.killWorker('SIGKILL');
    await stack.stop();
    stack = await start('second', 0);
    const command = ['maintain', 'restore', backup, '--output', 'json'];
    // The webservice starts before the restore, against the instructions, and records its keys and its object store.
    expect(await taskrunner(...command)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^RESTORE_NOT_EMPTY the database has rows in pack_artifacts\.object_store, pack_runs\.keys\n/,
      ),
    });
    const owner = new Client({ connectionString: stack.database.ownerUrl });
    await owner.connect();
    await owner.query('delete from pack_runs.keys; delete from pack_artifacts.object_store');
    await owner.end();
    // With another key, every run would be halted permanently.
    const key = join(stack.stateDirectory, 'keys', 'journal-mac.key');
    const right = readFileSync(key);
    writeFileSync(key, `${randomBytes(32).toString('hex')}\n`);
    const refused = await taskrunner(...command);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^BACKUP_KEYS_MISSING [^]*\n {2}journal-mac HKDF:\w{32} is needed, .*\/journal-mac\.key has HKDF:/,
      ),
    ]);
    const asked = [join(ROOT, 'docker/database.cjs'), 'restore', backup];
    const inImage = spawnSync(process.execPath, asked, {
      encoding: 'utf8',
      env: { ...NODE_ENVIRONMENT, TASKRUNNER_CONFIG: stack.configurationPath },
    });
    expect([inImage.status, inImage.stderr]).toEqual([1, refused.stderr]);
    writeFileSync(key, right);
    expect(await taskrunner(...command)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^BACKUP_OBJECTS_MISSING /),
    });
    const restored = processOfTaskrunner([...command, '--objects', 'copy', '--digest', digest]);
    expect([restored.status, restored.stderr]).toEqual([0, '']);
    expect(JSON.parse(restored.stdout)).toMatchObject({
      ...{ standing: [{ tenant: 'acme', runId: acting }], goingOn: 1, incomplete: [] },
    });
    expect(await taskrunner(...command)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^RESTORE_NOT_EMPTY /),
    });
    await stack.startWorker();
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));

    expect((await grace.approve(gated, 'ask')).status).toBe(200);
    expect((await ada.until(gated, ['succeeded', 'failed']))['status']).toBe('succeeded');
    // A new run executes in the meantime, so the stopped run does not merely need more time.
    const fresh = await ada.submit(pack(`- { id: only, run: ${script('fresh')} }`));
    await ada.until(fresh, ['succeeded']);
    expect(await ada.summary(acting)).toMatchObject({ status: 'waiting', waits: [{ kind: 'restore' }] });
    expect(log.paths('/')).toEqual(['pay']);

    const resumed = await taskrunner('maintain', 'resume', acting, '--tenant', 'acme', '--reason', 'asked the bank');
    expect([resumed.status, resumed.stdout]).toEqual([0, `${acting} is resumed\n`]);
    for (;;) {
      const { body } = await ada.ask('GET', `/api/runs/${acting}/steps`);
      const steps = body['items'] as { id: string; status: string }[];
      if (steps.some(({ id, status }) => id === 'pay' && status === 'needs_attention')) break;
      await pause(100);
    }
    expect(log.paths('/')).toEqual(['pay']);
    const answer = { execution: 1, outcome: 'succeeded', reason: 'the bank has it' };
    expect((await grace.ask('POST', `/api/runs/${acting}/steps/pay/resolve`, answer)).status).toBe(200);
    expect((await ada.until(acting, ['succeeded', 'failed']))['status']).toBe('succeeded');
    expect(log.paths('/')).toEqual(['pay', 'ship']);

    for (const run of [ended, gated, acting]) {
      const file = join(folder, `${run}.tar`);
      writeFileSync(file, await ada.sealed(run));
      const verified = await taskrunner('verify', file, '--trust', stack.trustPath, '--allow-dev');
      expect([run, verified.status, verified.stdout]).toEqual([run, 0, expect.any(String)]);
    }
  }, 400_000);
});
