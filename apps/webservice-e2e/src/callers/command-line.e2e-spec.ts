import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller, DevStack, pack, ROOT, type Ran } from '../stack/stack';

const GATE = `gate: { approval: owners, message: "Apply it?" }`;
const APPROVALS = '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n';
const ONE = pack(`- { id: ask, ${GATE} }`, APPROVALS);
const TWO = pack(`- { id: both, parallel: { steps: [ { id: left, ${GATE} }, { id: right, ${GATE} } ] } }`, APPROVALS);

describe('the command line against a server', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-e2e-'));
    stack = await DevStack.shared('plain');
    for (const login of ['ada', 'grace', 'linus']) tokens.set(login, await stack.tokenFor(login));
    ada = new Caller(stack.server, tokens.get('ada') ?? '');
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const cli = (login: string, ...args: readonly string[]): Promise<Ran> =>
    stack.taskrunner(args, { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: tokens.get(login) });

  it('names a run by the beginning of its id or as the latest, and the only open gate by none', async () => {
    const run = await ada.submit(ONE);
    await ada.until(run, ['waiting']);
    const shown = await cli('ada', 'show', 'latest', '--output', 'json');
    // Other specs submit to the same stack meanwhile. Ids are in the order of time.
    expect((JSON.parse(shown.stdout) as { runId: string }).runId >= run).toBe(true);
    const begun = await cli('grace', 'gates', run.slice(0, -1), '--output', 'json');
    expect(JSON.parse(begun.stdout)).toMatchObject({ items: [{ gateId: 'ask', status: 'open' }] });
    const own = await cli('ada', 'list', '--requester', 'me', '--search', run.slice(0, -1), '--output', 'json');
    expect((JSON.parse(own.stdout) as { items: { runId: string }[] }).items.map(({ runId }) => runId)).toEqual([run]);
    const others = ['--requester', 'grace', '--search', run, '--output', 'json'];
    expect(JSON.parse((await cli('ada', 'list', ...others)).stdout)).toEqual({ items: [] });
    const labelled = await cli('ada', 'list', '--label', 'team=none', '--label', 'a=b:c', '--output', 'json');
    expect(JSON.parse(labelled.stdout)).toEqual({ items: [] });
    const listed = await cli('grace', 'approvals');
    expect(listed.stdout).toMatch(new RegExp(`^${run} +ask +e2e 1\\.0\\.0 +Ada +0/1 .* may decide +Apply it\\?$`, 'm'));
    const digest = (await ada.ask('GET', `/api/runs/${run}/gates/ask`)).body['gateDigest'] as string;
    const decided = await cli('grace', 'approve', run.slice(4, -1), '--yes', '--gate-digest', digest);
    expect([decided.status, decided.stderr]).toEqual([0, '']);
    expect((await cli('ada', 'wait', run)).status).toBe(0);
    // Without naming the gate, and before any question.
    const late = await cli('linus', 'approve', run);
    expect([late.status, late.stderr]).toEqual([1, expect.stringMatching(/^GATE_DECIDED .*: approved by grace of /)]);
  }, 60_000);

  it('shows the form of a gate, and refuses before it asks who cannot decide and what cannot be confirmed', async () => {
    const form = `{ type: object, additionalProperties: false, required: [verdict], properties: { zone: { type: string }, verdict: { enum: [accept, refuse], title: Verdict }, note: { type: string } } }`;
    const run = await ada.submit(
      pack(
        `- { id: ask, gate: { approval: owners, message: "Apply it?", form: ${form} } }`,
        APPROVALS.replace('minApprovals: 1', 'minApprovals: 1, reasonRequired: true'),
      ),
    );
    await ada.until(run, ['waiting']);
    const own = await cli('ada', 'approve', run);
    expect([own.status, own.stderr]).toEqual([
      3,
      expect.stringMatching(/^GATE_GRANT_MISSING .*\nhelp: .*another person/),
    ]);
    const own2 = await cli('ada', 'approve', run, '--yes', '--gate-digest', 'sha256:497ab01f');
    expect([own2.status, own2.stderr]).toEqual([2, expect.stringContaining('64 hexadecimal characters')]);
    const bare = await cli('grace', 'approve', run);
    expect([bare.status, bare.stdout]).toEqual([2, expect.stringContaining('\n  verdict: required, one of')]);
    // In the order in which the author of the pack wrote them.
    const fields = ['zone', 'verdict', 'note'];
    expect(bare.stdout.match(/^ {2}(?:note|verdict|zone)(?=: )/gm)?.map((name) => name.trim())).toEqual(fields);
    const asked = (await ada.ask('GET', `/api/runs/${run}/gates/ask`)).body['form'] as { readonly properties: object };
    expect(Object.keys(asked.properties)).toEqual(fields);
    expect(bare.stderr).toMatch(/^CLI_RESPONSE_MISSING .*\nhelp: Pass --response FILE.* with verdict\.\n$/);
    const response = join(folder, 'response.yaml');
    writeFileSync(response, 'verdict: accept\nnotes: fine\n');
    const unknown = await cli('grace', 'approve', run, '--response', response);
    expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining('Did you mean note?')]);
    writeFileSync(response, 'verdict: accept\n');
    const silent = await cli('grace', 'approve', run, '--response', response);
    expect([silent.status, silent.stderr]).toEqual([
      2,
      expect.stringMatching(/^CLI_REASON_MISSING .*\nhelp: .*--reason/),
    ]);
    const digest = (await ada.ask('GET', `/api/runs/${run}/gates/ask`)).body['gateDigest'] as string;
    const decision = ['approve', run, '--response', response, '--reason', 'read', '--yes', '--gate-digest', digest];
    expect(await cli('grace', ...decision)).toMatchObject({ status: 0, stderr: '' });
    expect((await cli('ada', 'wait', run)).status).toBe(0);
  }, 60_000);

  it('says at the end of a failed map which step of which item failed, what it said, and the message of the pack', async () => {
    const check = `- { id: check, run: { uses: "builtin:script", with: { interpreter: [sh], args: ["{{ item }}"], source: 'if [ "$1" = b.example ]; then echo refused >&2; exit 3; fi' } } }`;
    const map = `- id: scan\n  map:\n    items: "{{ ['a.example', 'b.example', 'c.example'] }}"\n    label: "{{ item }}"\n    continueOnError: true\n    steps:\n      ${check}`;
    const run = await ada.submit(pack(map, '  failure: { message: "{{ failed }}: call the owners." }\n'));
    await ada.until(run, ['failed']);
    const { stdout } = await cli('ada', 'show', run);
    expect(stdout).toContain(
      '\nEXIT_3 at scan[1]::check (b.example): refused\n  1 of 3 failed at scan\n  message: ["scan"]: call the owners.\n',
    );
  }, 60_000);

  it('cuts long findings, and prints them whole with the command that it names', async () => {
    const list = JSON.stringify(Array.from({ length: 100 }, (_, at) => `CVE-${at}`));
    const gate = `gate: { approval: owners, message: "Apply it?", show: { list: ${list} } }`;
    const run = await ada.submit(pack(`- { id: ask, ${gate} }`, APPROVALS));
    await ada.until(run, ['waiting']);
    const cut = await cli('grace', 'approve', run);
    expect([cut.status, cut.stdout.includes('"CVE-5"'), cut.stdout.includes('"CVE-99"')]).toEqual([3, true, false]);
    const [, command = ''] =
      /^findings cut here: .*; read it with: .* (approve run_\w+ ask --full)$/m.exec(cut.stdout) ?? [];
    const whole = await cli('grace', ...command.split(' '));
    expect([whole.status, whole.stdout.includes('"CVE-99"')]).toEqual([3, true]);
    expect(whole.stdout.split('\n').at(-2)).toBe(cut.stdout.split('\n').at(-2));
    expect((await cli('ada', 'cancel', run, '--reason', 'enough')).status).toBe(0);
  }, 60_000);

  it('shows every failed step, and counts the items of a map in a group', async () => {
    const check = `- { id: check, run: { uses: "builtin:script", with: { interpreter: [sh], args: ["{{ item }}"], source: '[ "$1" = a ]' } } }`;
    const tool =
      '- { id: tool, continueOnError: true, run: { uses: "builtin:command", with: { command: [no-such-tool] } } }';
    const map = `- id: scan\n        map:\n          items: [a, b]\n          continueOnError: true\n          steps:\n            ${check}`;
    const run = await ada.submit(pack(`${tool}\n- id: scans\n  group:\n    steps:\n      ${map}`));
    await ada.until(run, ['failed']);
    const { stdout } = await cli('ada', 'show', run);
    expect(stdout).toMatch(/\n {2}1 of 2 failed at scan\n/);
    expect(stdout).toMatch(/^failed tool: TOOL_NOT_FOUND: .*no-such-tool/m);
    const shown = JSON.parse((await cli('ada', 'show', run, '--output', 'json')).stdout) as object;
    expect(shown).toMatchObject({ runId: run, gates: [], moreSteps: false });
    expect(shown).toHaveProperty('steps', expect.arrayContaining([expect.objectContaining({ id: 'scan[1]::check' })]));
    const mistyped = run.slice(0, -1) + (run.endsWith('0') ? '1' : '0');
    const unknown = await cli('ada', 'show', mistyped);
    expect([unknown.status, unknown.stderr]).toEqual([4, expect.stringContaining(`Did you mean ${run}?`)]);
  }, 60_000);

  it('refuses what names several runs or gates, with the candidates', async () => {
    const run = await ada.submit(TWO);
    await ada.until(run, ['waiting']);
    const gates = await cli('grace', 'approve', run);
    expect([gates.status, gates.stdout]).toEqual([2, '']);
    expect(gates.stderr).toContain(`CLI_GATE_CHOICE ${run} has 2 open gates:\n`);
    expect(gates.stderr).toContain('\n    left\n    right\n');
    const runs = await cli('ada', 'show', run.slice(0, 6));
    expect([runs.status, runs.stderr]).toEqual([2, expect.stringMatching(/^CLI_RUN_AMBIGUOUS /)]);
    expect(runs.stderr).toContain(`\n    ${run}  waiting`);
    expect((await cli('ada', 'cancel', run, '--reason', 'enough')).status).toBe(0);
    expect((await cli('ada', 'show', run)).stdout).toContain('\ncancelled by Ada: enough\n');
    expect((await cli('ada', 'list')).stdout).toMatch(new RegExp(`^${run} .* Ada: enough$`, 'm'));
    expect(await cli('ada', 'show', 'run_7zzz')).toMatchObject({ status: 4, stdout: '' });
  }, 60_000);

  it('names the nearest name to one that does not exist, and the others', async () => {
    const run = await ada.submit(
      pack('- { id: count, run: { uses: "builtin:transform", with: { outputs: { hits: 2 } } } }'),
    );
    await ada.until(run, ['succeeded']);
    const name = `nightly-${run.slice(-6)}`;
    const manifest = join(folder, 'inputs.yaml');
    writeFileSync(
      manifest,
      pack('- { id: count, run: { uses: "builtin:noop" } }', '  inputs: [ { name: region, type: string } ]\n'),
    );
    const made = ['create', manifest, '-i', 'region=eu', '--name', name, '--cron', '@yearly', '--paused'];
    expect((await cli('ada', 'schedule', ...made)).status).toBe(0);
    // What is not wrong, and has no effect or no result, is said.
    expect(await cli('ada', 'cancel', run, '--reason', 'late')).toMatchObject({
      status: 0,
      stderr: 'nothing was cancelled: the run had ended before\n',
    });
    expect(await cli('ada', 'schedule', 'next', name)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^no upcoming ticks: .*\nhelp: See it with: .*schedule show sch_/),
    });
    const cases: readonly (readonly [exit: number, code: string, help: string, ...args: readonly string[]])[] = [
      [4, 'CLI_STEP_NOT_FOUND', 'Did you mean count? Its steps are: count.', 'logs', run, '--step', 'cuont'],
      [4, 'CLI_STEP_NOT_FOUND', 'Did you mean count? Its steps are: count.', 'outputs', run, 'coutn'],
      [
        4,
        'CLI_STEP_NOT_FOUND',
        'Did you mean count? Its steps are: count.',
        'resolve',
        run,
        'coun',
        '--outcome',
        'retry',
        '--reason',
        'x',
      ],
      [
        4,
        'CLI_OUTPUT_NOT_FOUND',
        'Did you mean hits? Its outputs are: hits.',
        'outputs',
        run,
        'count',
        '--name',
        'hist',
      ],
      [
        2,
        'RERUN_STEP_UNKNOWN',
        'Did you mean count? Use failed, start or a step of the plan: count.',
        'rerun',
        run,
        '--from',
        'conut',
      ],
      [
        2,
        'PLAN_INVALID',
        'Did you mean region? Inputs of the pack: region.',
        'run',
        manifest,
        '-i',
        'regoin=eu',
        '-i',
        'region=eu',
      ],
      [4, 'CLI_SCHEDULE_NOT_FOUND', `Did you mean ${name}?`, 'schedule', 'show', name.replace('nightly', 'nigthly')],
    ];
    for (const [exit, code, help, ...args] of cases) {
      const { status, stdout, stderr } = await cli('ada', ...args);
      expect([args, status, stdout, stderr]).toEqual([args, exit, '', expect.stringContaining(`help: ${help}`)]);
      expect(stderr.startsWith(`${code} `)).toBe(true);
    }
    // A step that a run has not reached yet is none of these.
    const waits = await ada.submit(ONE);
    expect((await cli('ada', 'logs', waits, '--step', 'ask', '--no-follow')).status).toBe(0);
    expect((await cli('ada', 'cancel', waits, '--reason', 'enough')).status).toBe(0);
  }, 60_000);

  /** `run` of a pack as a process, whose reader of one stream goes when it has read something. Resolves to its exit status. */
  const runWithReader = (manifest: string, leaves: 'stdout' | 'stderr' | null, ...more: readonly string[]) => {
    const file = join(folder, 'pack.yaml');
    writeFileSync(file, manifest);
    const entry = join(ROOT, 'apps/cli/bin/taskrunner.js');
    const child = spawn(process.execPath, [entry, 'run', file, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: tokens.get('ada') },
    });
    child.stdout.resume();
    child.stderr.resume();
    if (leaves !== null) child[leaves].once('data', () => child[leaves].destroy());
    return new Promise<number | null>((resolve) => void child.once('exit', resolve));
  };
  const TALKING = pack(
    '- { id: talk, run: { uses: "builtin:script", with: { interpreter: [sh], source: "for i in $(seq 200); do echo line; sleep 0.2; done" } } }',
  );

  it.each<['stdout' | 'stderr', string]>([
    ['stdout', 'table'],
    ['stderr', 'json'],
  ])(
    'ends when the reader of %s has gone, and leaves the run',
    async (stream, format) => {
      expect(await runWithReader(TALKING, stream, '--output', format)).toBe(141);
      const { stdout } = await cli('ada', 'cancel', 'latest', '--reason', 'nobody reads', '--output', 'json');
      expect(JSON.parse(stdout)).toMatchObject({ status: expect.stringMatching(/^cancell/) });
    },
    60_000,
  );

  /** A command line at a terminal, where somebody presses Ctrl-C when it has printed something, then something else. `script` attaches the terminal. */
  const interrupted = (
    line: string,
    ...when: readonly RegExp[]
  ): Promise<{ readonly status: number | null; readonly said: string }> => {
    const env = { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm' };
    const server = { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: tokens.get('ada') };
    const shell = spawn('script', ['-qefc', `exec ${line}`, '/dev/null'], {
      ...{ cwd: ROOT, env: { ...env, ...server }, stdio: ['pipe', 'pipe', 'inherit'] },
    });
    let said = '';
    let presses = 0;
    shell.stdout?.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (when[presses]?.test(said) !== true) return;
      presses += 1;
      shell.stdin?.write('\x03');
    });
    return new Promise((resolve) => void shell.once('exit', (status) => resolve({ status, said })));
  };

  it('leaves a run at Ctrl-C, and ends other commands; the exit code is 130, also under npx', async () => {
    const program = `"${process.execPath}" "${join(ROOT, 'apps/cli/bin/taskrunner.js')}"`;
    const file = join(folder, 'talking.yaml');
    writeFileSync(file, TALKING);
    const run = await interrupted(`${program} run "${file}"`, /line/);
    expect(run).toEqual({
      status: 130,
      said: expect.stringContaining('detached; the run continues\r\nhelp: Follow it with: node '),
    });
    expect((await interrupted(`${program} logs latest`, /line/)).status).toBe(130);
    const npx = await interrupted(`npx --no-install taskrunner run "${file}"`, /line/);
    expect(npx).toEqual({
      status: 130,
      said: expect.stringContaining('help: Follow it with: npx taskrunner logs run_'),
    });
    for (const one of [run, npx]) {
      const [id = ''] = /run_[0-9a-z]{26}/.exec(one.said) ?? [];
      expect((await cli('ada', 'cancel', id, '--reason', 'enough')).status).toBe(0);
    }
  }, 120_000);

  it('repeats the question of a second Ctrl-C below new lines, and ends it with the run', async () => {
    const file = join(folder, 'short.yaml');
    const source = 'for i in $(seq 12); do echo line $i; sleep 0.5; done';
    writeFileSync(
      file,
      pack(`- { id: talk, run: { uses: "builtin:script", with: { interpreter: [sh], source: "${source}" } } }`),
    );
    const program = `"${process.execPath}" "${join(ROOT, 'apps/cli/bin/taskrunner.js')}"`;
    const { status, said } = await interrupted(`${program} run "${file}"`, /line 1/, /Press Ctrl-C again/);
    const question = said.indexOf('Cancel run_');
    expect([status, question > 0]).toEqual([0, true]);
    expect(said.lastIndexOf('Cancel run_')).toBeGreaterThan(said.indexOf('line ', question));
    expect(said.lastIndexOf('succeeded')).toBeGreaterThan(said.lastIndexOf('Cancel run_'));
  }, 60_000);

  it('ends at a gate although the log stays open', async () => {
    expect(await runWithReader(ONE, null, '--until', 'attention')).toBe(8);
    await cli('ada', 'cancel', 'latest', '--reason', 'enough');
  }, 60_000);
});
