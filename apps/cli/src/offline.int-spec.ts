import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLineIn, type Ended } from './testing/command-line-in';
import { NODE_ENVIRONMENT } from './testing/node-environment';

// Tests of the start, the input and the second thread use the built program as scripts start it (`npm run build` first). The other commands
// run in this process, because loading a separate process takes half a second of processor time.
const PROGRAM = join(__dirname, '..', 'bin', 'taskrunner.js');

const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: small, version: 1.0.0 }
spec:
  inputs:
    - { name: who, type: string, required: true }
    - { name: times, type: integer, default: 2 }
  secrets: [ { name: key, scope: packs.run } ]
  approvals: [ { id: owners, grants: [packs.approve, role:unheard-of] } ]
  steps:
    - { id: greet, run: { uses: "builtin:transform", with: { outputs: { text: "hello {{ inputs.who }}" } } } }
    - { id: never, when: "{{ inputs.times > 5 }}", run: { uses: "builtin:noop" } }
    - { id: agree, gate: { approval: owners, message: "{{ steps.greet.outputs.text }}" } }
    - { id: act, effects: idempotent, run: { uses: "builtin:script", with: { interpreter: [sh], path: scripts/act.sh } } }
  outputs: [ { name: text, type: string, value: "{{ steps.greet.outputs.text }}" } ]
`;

describe('taskrunner, without a server', () => {
  let folder: string;
  let pack: string;
  const home = process.cwd();
  const taskrunner = (args: readonly string[]): Promise<Ended> => commandLineIn(folder, args);
  const program = (args: readonly string[], stdin = ''): Ended => {
    const env = { ...NODE_ENVIRONMENT, HOME: folder };
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: folder,
      env,
      input: stdin,
      encoding: 'utf8',
    });
    return { exit: status, out: stdout, err: stderr };
  };
  const json = ({ out }: Ended) => JSON.parse(out) as Record<string, unknown>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    pack = join(folder, 'small');
    mkdirSync(join(pack, 'scripts'), { recursive: true });
    writeFileSync(join(pack, 'pack.yaml'), PACK);
    writeFileSync(join(pack, 'scripts', 'act.sh'), 'echo done\n', { mode: 0o755 });
    writeFileSync(join(pack, 'notes.txt'), 'not part of it\n');
    writeFileSync(join(pack, '.packignore'), 'notes.txt\n.packignore\n');
    writeFileSync(join(folder, 'in.yaml'), 'who: world\n');
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  });

  it('validates a pack: a folder, also where inputs, grants and secrets are not known here', () => {
    const ended = program(['validate', pack, '--output', 'json']);
    expect([ended.exit, json(ended), ended.err]).toEqual([0, { valid: true, errors: [] }, '']);
  });

  it('plans a pack with an executor that the installation has added, if it is given the descriptor', async () => {
    const own = join(folder, 'own.yaml');
    const greet = 'run: { uses: "ext:greeting@1.0.0", with: { name: Ada } }';
    writeFileSync(own, `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: own, version: 1.0.0 }\nspec: { steps: [ { id: greet, ${greet} } ] }\n`); // prettier-ignore
    const descriptor = {
      ...{ uses: 'ext:greeting@1.0.0', behaviour: 1, effects: 'once', declares: false },
      parameters: { name: { schema: { type: 'string' }, required: true } },
      outputs: { from: 'schema', schema: true },
    };
    const validated = (name: string, value: unknown): Promise<Ended> => {
      writeFileSync(join(folder, name), JSON.stringify(value));
      return taskrunner(['validate', own, '--executors', name]);
    };
    expect((await taskrunner(['validate', own])).err).toContain('EXECUTOR_UNAVAILABLE');
    expect(await validated('executors.json', [descriptor])).toMatchObject({ exit: 0, err: '' });
    const refused = await validated('other.json', [{ ...descriptor, effects: 'pure' }]);
    expect([refused.exit, refused.err]).toEqual([
      2,
      expect.stringMatching(/^CLI_FILE other\.json is refused: .*\/effects/) as string,
    ]);
    expect((await validated('object.json', descriptor)).err).toContain('is not a list');
  });

  it('tells all faults at once, with places and help, in both forms', async () => {
    const bad = join(folder, 'bad.yaml');
    writeFileSync(
      bad,
      PACK.replace('steps.greet.outputs.text }}" } }\n', 'steps.gret.outputs.text }}" } }\n')
        .replace('secrets:', 'secret:')
        .replace('scripts/act.sh', 'scripts/none.sh'),
    );
    const ended = await taskrunner(['validate', bad, '--output', 'json']);
    const { valid, errors } = json(ended) as {
      valid: boolean;
      errors: { code: string; line: number; column: number; path: string; message: string; remediation: string }[];
    };
    expect([ended.exit, valid]).toEqual([2, false]);
    for (const error of errors)
      expect(error).toMatchObject({
        line: expect.any(Number),
        column: expect.any(Number),
        message: expect.any(String),
        remediation: expect.any(String),
      });
    expect(errors.map(({ line }) => line)).toContain(8);
    const text = await taskrunner(['validate', bad]);
    expect(text.exit).toBe(2);
    expect(text.err).toMatch(new RegExp(`^[A-Z_]+ ${bad.replaceAll('.', '\\.')}:8:\\d+ .*\nhelp: .*`, 'm'));
  });

  it('plans to one hash: folder, tarball with a folder around, inputs from a file, stdin or arguments', async () => {
    const tarball = join(folder, 'small.tgz');
    spawnSync('tar', ['czf', tarball, '-C', folder, 'small']);
    const ways = [
      await taskrunner(['plan', pack, '--inputs', 'in.yaml', '--output', 'json']),
      program(['plan', tarball, '--inputs', '-', '--output', 'json'], '{"who": "world"}'),
      await taskrunner(['plan', 'small', '-i', 'who=world', '-i', 'times=2', '--output', 'json']),
    ];
    const hashes = ways.map((ended) => json(ended)['planHash']);
    expect(new Set(hashes).size).toBe(1);
    expect(hashes[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(Object.keys(json(ways[0] as Ended))).toEqual(['planHash', 'receipt', 'plan']);
    expect(json(await taskrunner(['plan', pack, '-i', 'who=you', '--output', 'json']))['planHash']).not.toBe(hashes[0]);
    writeFileSync(join(pack, 'notes.txt'), 'changed\n');
    expect(json(await taskrunner(['plan', pack, '-i', 'who=world', '--output', 'json']))['planHash']).toBe(hashes[0]);
  });

  it('prints the class of each step', async () => {
    const lines = (await taskrunner(['plan', pack, '-i', 'who=world'])).out.split('\n');
    expect(lines.filter((line) => line.startsWith('step '))).toEqual([
      'step         pure       greet (builtin:transform)',
      'step         pure       never (builtin:noop)',
      'step         idempotent act (builtin:script)',
    ]);
  });

  it('prints how long people may decide, also where the pack says nothing', async () => {
    const gated = join(folder, 'gated.yaml');
    const approvals = 'approvals: [ { id: owners }, { id: soon, expiresAfter: 30m, executeWithin: 2h } ]';
    const gate = '    - { id: ask-soon, gate: { approval: soon, message: "go" } }';
    writeFileSync(gated, PACK.replace(/approvals: .*/, approvals).replace(/    - \{ id: act.*/, gate));
    const planned = (await taskrunner(['plan', gated, '-i', 'who=world'])).out;
    expect(planned).toContain('\napproval     owners: 1d to decide, then 1d to start steps\n');
    expect(planned).toContain('\napproval     soon: 30m to decide, then 2h to start steps\n');
    const simulated = (await taskrunner(['simulate', gated, '-i', 'who=world'])).out;
    expect(simulated).toMatch(/^approval {5}ask-soon: .*, 30m to decide$/m);
  });

  it('assumes a container engine where no configuration is named', async () => {
    const image = `registry.test/tool@sha256:${'0'.repeat(64)}`;
    const step = `- { id: boxed, run: { uses: "builtin:container", with: { image: "${image}", command: [x] } } }`;
    const boxed = join(folder, 'boxed.yaml');
    writeFileSync(boxed, PACK.replace(/    - \{ id: act.*/, `    ${step}`));
    expect(await taskrunner(['validate', boxed])).toMatchObject({ exit: 0, err: '' });
  });

  it('says which input is wrong', async () => {
    const ended = await taskrunner(['plan', pack, '-i', 'times=many']);
    expect([ended.exit, ended.err]).toEqual([
      2,
      "CLI_INPUT the input times is not of type integer\nhelp: Write the value as JSON, such as -i 'times=3'.\n",
    ]);
    const missing = await taskrunner(['plan', pack]);
    expect(missing.exit).toBe(2);
    expect(missing.err).toMatch(/^INPUT_MISSING inputs\/who The input who is missing\.\nhelp: /);
  });

  it('simulates, also what a script assumes', async () => {
    const plain = json(await taskrunner(['simulate', pack, '-i', 'who=world', '--output', 'json'])) as {
      nodes: { id: string; class: string }[];
    };
    expect(plain.nodes.map(({ id, class: of }) => [id, of])).toEqual([
      ['greet', 'pending'],
      ['never', 'skipped'],
      ['agree', 'requires-approval'],
      ['act', 'pending'],
    ]);
    expect(plain).toMatchObject({
      approvals: [{ gate: 'agree' }],
      outputs: [{ name: 'text', value: 'hello world' }],
      criticalPath: expect.any(Array),
      widest: expect.any(Number),
      ungatedEffects: [],
    });
    writeFileSync(join(folder, 'script.yaml'), 'agree: rejected\n');
    const ended = await taskrunner([
      'simulate',
      pack,
      '-i',
      'who=world',
      '--script',
      'script.yaml',
      '--output',
      'json',
    ]);
    expect([ended.exit, json(ended)['status'], json(ended)['code']]).toEqual([0, 'failed', 'GATE_REJECTED']);
    writeFileSync(join(folder, 'wrong.yaml'), 'agre: rejected\n');
    expect(await taskrunner(['simulate', pack, '-i', 'who=world', '--script', 'wrong.yaml'])).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^SCRIPT_UNKNOWN_STEP wrong\.yaml:1:1 /),
    });
  });

  describe('of a pack with a policy', () => {
    const guarded = (source: string): string => {
      const text = PACK.replace(
        '  steps:',
        `  policies: [ { id: few, engine: cel, level: hard-mandatory, source: "${source}" } ]\n  steps:`,
      ).replace(
        '    - { id: act',
        '    - { id: check, gate: { policy: few, with: { text: "{{ steps.greet.outputs.text }}" } } }\n    - { id: act',
      );
      mkdirSync(join(folder, 'guarded', 'scripts'), { recursive: true });
      writeFileSync(join(folder, 'guarded', 'pack.yaml'), text);
      writeFileSync(join(folder, 'guarded', 'scripts', 'act.sh'), 'echo done\n', { mode: 0o755 });
      return 'guarded';
    };

    it('refuses what can never decide when it plans, with its place and what was meant', async () => {
      const ended = await taskrunner(['validate', guarded("inputs.who.startWith('w') && inputs.time < 3")]);
      expect(ended.exit).toBe(2);
      const lines = readFileSync(join(folder, 'guarded', 'pack.yaml'), 'utf8').split('\n');
      const place = (name: string): string => {
        const index = lines.findIndex((line) => line.includes(name));
        return `${index + 1}:${(lines[index] ?? '').indexOf(name) + 1}`;
      };
      expect(ended.err).toContain(`pack.yaml:${place('startWith')} There is no method \`startWith\`.`);
      expect(ended.err).toContain('help: Did you mean `startsWith`?');
      expect(ended.err).toContain(`pack.yaml:${place('time <')} There is no \`inputs.time\`.`);
      expect(ended.err).toContain('help: Did you mean `times`?');
    });

    it('simulates what a policy denies, as a run would end', async () => {
      const denies = guarded("{'allow': inputs.times < 2, 'reasons': [params.text + ' too often']}");
      const shown = await taskrunner(['simulate', denies, '-i', 'who=world']);
      expect(shown.exit).toBe(0);
      expect(shown.out).toContain('policy       check: policy few denies: hello world too often (hard-mandatory)\n');
      expect(shown.out).toContain('would end    failed (POLICY_DENIED)\n');
      const ended = json(await taskrunner(['simulate', denies, '-i', 'who=world', '--output', 'json']));
      expect(ended).toMatchObject({ status: 'failed', code: 'POLICY_DENIED' });
      expect(ended['policies']).toEqual([
        {
          gate: 'check',
          policy: 'few',
          engine: 'cel',
          level: 'hard-mandatory',
          by: 'evaluated',
          verdict: 'denies',
          reasons: ['hello world too often'],
          unknown: [],
          instances: 1,
        },
      ]);
    });

    it('says of which policies it assumed that they allow, and what it does not know', async () => {
      const shown = await taskrunner([
        'simulate',
        guarded("tenant == 'acme' && timestamp(now).getHours() < 9"),
        '-i',
        'who=x',
      ]);
      expect(shown.out).toContain('policy few allows (hard-mandatory), assumed; unknown: now, tenant\n');
      expect(shown.out).toContain('would end    succeeded\n');
    });
  });

  it('refuses a hostile tarball', async () => {
    const evil = join(folder, 'evil');
    mkdirSync(evil);
    writeFileSync(join(evil, 'pack.yaml'), PACK);
    symlinkSync('/etc/passwd', join(evil, 'scripts'));
    spawnSync('tar', ['cf', join(folder, 'evil.tar'), '-C', evil, '.']);
    expect(await taskrunner(['validate', 'evil.tar'])).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^ARCHIVE_UNSAFE .*symbolic link/),
    });
  });

  it('verifies: whatever is no bundle fails its checks, a trust file that is none is invalid input', async () => {
    const at = '2026-01-01T00:00:00.000Z';
    const require = {
      mode: 'any',
      proof: 'service',
      time: 'asserted',
      checkpoints: false,
      minApprovals: 0,
      packSigners: 0,
      builds: [],
      signatures: { run: 1 },
    };
    const trust = {
      schema: 'taskrunner.trust.v1',
      id: 't',
      serial: 1,
      issued: at,
      expires: '2099-01-01T00:00:00.000Z',
      keys: [],
      issuers: [],
      approvers: [],
      timestampAuthorities: [],
      require,
    };
    writeFileSync(join(folder, 'trust.json'), JSON.stringify(trust));
    const ended = program(['verify', 'in.yaml', '--trust', 'trust.json', '--json']);
    const { ok, checks } = json(ended) as {
      ok: boolean;
      checks: { name: string; ok: boolean; basis: string; detail: string }[];
    };
    expect([ended.exit, ok, checks[0]?.name, checks[0]?.ok]).toEqual([9, false, 'archive.safe', false]);
    expect(checks[0]?.detail).toMatch(/^ARCHIVE_INVALID/);
    const text = program(['verify', join(folder, 'evil.tar'), '--trust', 'trust.json']);
    expect(text.exit).toBe(9);
    // The first cause with its remedy. Its consequences are counted.
    const [cause, help, rest] = text.out.split('\n');
    expect(cause).toMatch(/^FAIL archive\.safe .*ARCHIVE_UNSAFE: .*symbolic link/);
    expect(help).toMatch(/^help: Get the bundle again/);
    expect(rest).toMatch(/^ +\d+ further checks could not be made, because ARCHIVE_UNSAFE/);
    expect(text.out.match(/^FAIL /gm)).toHaveLength(1);
    const none = await taskrunner(['verify', 'in.yaml', '--trust', 'trust.json']);
    expect([none.exit, none.out]).toEqual([9, '']);
    expect(none.err).toMatch(/^BUNDLE_UNREADABLE in\.yaml is not a tar\nhelp: [^\n]+\n$/);
    expect(await taskrunner(['verify', 'in.yaml', '--trust', 'in.yaml'])).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^TRUST_INVALID in\.yaml:1:1 a value is expected\nhelp: /),
    });
    expect(await taskrunner(['verify', 'nothing.tar', '--trust', 'trust.json'])).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^CLI_FILE nothing\.tar/),
    });
    expect((await taskrunner(['verify', 'in.yaml', '--trust', 'trust.json', '--expect', 'colour=red'])).exit).toBe(2);
  });

  it('helps with commands that it does not know, and tells its version', () => {
    expect(program(['plann', 'x'])).toMatchObject({ exit: 2, err: expect.stringContaining('plan') });
    expect(program([])).toMatchObject({ exit: 2 });
    const { version } = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string };
    expect(program(['--version'])).toMatchObject({ exit: 0, out: `${version}\n` });
    expect(program(['list'])).toMatchObject({ exit: 2, err: expect.stringMatching(/^CLI_SERVER_MISSING/) });
  });
});
