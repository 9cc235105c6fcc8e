import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack, type Caller, type DevStack, type Ran } from '../stack/stack';

/** How one command is called, and what it answers. */
export interface CommandCall {
  /** Everything after the name of the program, without `--output`. */
  readonly args: (format: Format) => readonly string[];
  readonly person?: 'ada' | 'grace' | 'ops' | 'wendy';
  /** Default 0. */
  readonly exit?: number;
  /** The command cannot do it here: it prints an error and nothing on stdout. */
  readonly isRefused?: true;
  /** The command has no `--output`. What it prints instead. */
  readonly document?: 'json' | 'ndjson' | 'text' | 'nothing';
}

export type Format = 'json' | 'ndjson';
export const FORMATS = ['json', 'ndjson'] as const satisfies readonly Format[];

const GATE = '- { id: ask, gate: { approval: owners, message: "Apply it?" } }';
const approvals = (count: number) =>
  `  approvals: [ { id: owners, grants: [packs.approve], minApprovals: ${count} } ]\n`;
const WORK = pack(
  '- { id: work, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo one; echo report > out/report.txt" }, artifacts: [ { name: report, path: out/report.txt } ] } }\n' +
    '- { id: count, run: { uses: "builtin:transform", with: { outputs: { hits: [1, 2] } } } }',
);

/** What the commands are called with. */
interface Place {
  readonly folder: string;
  readonly stack: DevStack;
  readonly ada: Caller;
  readonly grace: Caller;
  readonly taskrunner: (args: readonly string[], person?: CommandCall['person']) => Promise<Ran>;
}

/** Runs at gates, for commands that change them: one for each format. */
async function waitingRuns({ ada, grace }: Place) {
  const commands = ['approve', 'reject', 'withdraw', 'cancel'] as const;
  const made = commands.flatMap((command) => FORMATS.map((format) => ({ command, format })));
  const runs = new Map<string, { readonly run: string; readonly digest: string }>();
  await Promise.all(
    made.map(async ({ command, format }) => {
      const run = await ada.submit(pack(GATE, approvals(command === 'withdraw' ? 2 : 1)));
      await ada.until(run, ['waiting']);
      if (command === 'withdraw') await grace.approve(run, 'ask');
      const { body } = await ada.ask('GET', `/api/runs/${run}/gates/ask`);
      runs.set(`${command} ${format}`, { run, digest: body['gateDigest'] as string });
    }),
  );
  return (command: (typeof commands)[number], format: Format) => runs.get(`${command} ${format}`) ?? missing(command);
}

function missing(command: string): never {
  throw new Error(`no run was made for ${command}`);
}

/** A call of every command, by the words of the command. */
export async function commandCalls(place: Place): Promise<Readonly<Record<string, CommandCall>>> {
  const { folder, stack, ada, taskrunner } = place;
  const at = (name: string): string => join(folder, name);
  const work = at('work.yaml');
  const trust = ['--trust', stack.trustPath];
  const config = ['--config', stack.configurationPath];
  const tenant = ['--tenant', 'acme'];
  const registry = ['--registry', at('registry')];
  const unique = Date.now().toString(36);
  writeFileSync(work, WORK);
  writeFileSync(at('other.yaml'), WORK.replace('[1, 2]', '[3]'));
  mkdirSync(at('registry'));
  const keys = generateKeyPairSync('ed25519');
  writeFileSync(at('key.pem'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(at('public.pem'), keys.publicKey.export({ type: 'spki', format: 'pem' }));

  const done = await ada.submit(WORK);
  const waiting = await waitingRuns(place);
  await ada.sealed(done);
  for (const args of [
    ['init', 'demo', '--dir', at('demo')],
    ['pack', 'push', at('demo'), '--key', at('key.pem'), ...registry],
    ['evidence', done, '--file', at('run.tar')],
    ['maintain', 'backup', at('backup'), ...config],
    ['context', 'add', 'here', '--server', stack.server, '--issuer', stack.issuer],
    ...['kept', ...FORMATS].map((name) => [
      ...['schedule', 'create', work, '--name', `${name}-${unique}`, '--cron', '@yearly', '--paused'],
    ]),
  ]) {
    const { status, stderr } = await taskrunner(args);
    if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  }
  await taskrunner(['audit', 'export', '--file', at('audit.export')], 'ops');
  writeFileSync(at('no-checkpoints'), '');
  const schedule = `kept-${unique}`;
  const decision = (command: 'approve' | 'reject' | 'withdraw'): CommandCall => ({
    person: 'grace',
    args: (format) => {
      const { run, digest } = waiting(command, format);
      return [command, run, 'ask', '--reason', 'table', '--yes', '--gate-digest', digest];
    },
  });
  const ended = (format: Format): string => waiting('cancel', format).run;
  const of = (...args: readonly string[]): CommandCall => ({ args: () => args });
  const refused = (exit: number, ...args: readonly string[]): CommandCall => ({
    ...of(...args),
    exit,
    isRefused: true,
  });
  const prints = (document: NonNullable<CommandCall['document']>, ...args: readonly string[]): CommandCall => ({
    ...of(...args),
    document,
  });

  return {
    init: { args: (format) => ['init', 'demo', '--dir', at(`init-${format}`)] },
    validate: of('validate', work),
    plan: of('plan', work),
    simulate: of('simulate', work),
    diff: { ...of('diff', work, at('other.yaml')), exit: 1 },
    graph: prints('json', 'graph', work, '--format', 'json'),
    test: of('test', at('demo')),
    run: of('run', work),
    logs: of('logs', done),
    show: of('show', done),
    list: of('list'),
    wait: of('wait', done),
    cancel: { args: (format) => ['cancel', ended(format), '--reason', 'table'] },
    whoami: of('whoami'),
    outputs: of('outputs', done, 'count'),
    gates: { args: () => ['gates', waiting('approve', 'json').run] },
    approvals: { ...of('approvals'), person: 'grace' },
    approve: decision('approve'),
    reject: decision('reject'),
    withdraw: decision('withdraw'),
    rerun: of('rerun', done, '--from', 'start', '--detach'),
    release: { ...refused(1, 'release', done, '--reason', 'table'), person: 'ops' },
    resolve: refused(2, 'resolve', done, 'work', '--outcome', 'retry', '--reason', 'table'),
    artifacts: of('artifacts', done),
    evidence: { args: (format) => ['evidence', done, '--file', at(`evidence-${format}.tar`)] },
    // It deletes what this account has kept, so it names nothing here; `kept-runs.spec` calls it.
    forget: refused(2, 'forget'),
    'schedule create': {
      args: (format) => [
        ...['schedule', 'create', work, '--name', `new-${format}-${unique}`, '--cron', '@yearly', '--paused'],
      ],
    },
    'schedule list': of('schedule', 'list'),
    'schedule show': of('schedule', 'show', schedule),
    'schedule next': of('schedule', 'next', schedule),
    'schedule resume': of('schedule', 'resume', schedule),
    'schedule pause': of('schedule', 'pause', schedule),
    'schedule delete': { args: (format) => ['schedule', 'delete', `${format}-${unique}`] },
    login: of('login', '--context', 'here'),
    logout: of('logout', '--context', 'here'),
    'context add': { args: (format) => ['context', 'add', `new-${format}`, '--server', stack.server] },
    'context use': of('context', 'use', 'here'),
    'context list': of('context', 'list'),
    'context remove': { args: (format) => ['context', 'remove', `new-${format}`] },
    'pack build': { args: (format) => ['pack', 'build', at('demo'), '--file', at(`built-${format}.tar`)] },
    'pack sign': {
      args: (format) => ['pack', 'sign', at('demo'), '--key', at('key.pem'), '--file', at(`signed-${format}.json`)],
    },
    'pack push': of('pack', 'push', at('demo'), '--key', at('key.pem'), ...registry),
    'pack pull': { args: (format) => ['pack', 'pull', 'demo:0.1.0', '--to', at(`pulled-${format}`), ...registry] },
    'pack verify': of('pack', 'verify', 'demo:0.1.0', '--key', at('public.pem'), ...registry),
    'pack list': of('pack', 'list'),
    'pack show': of('pack', 'show', 'demo:0.1.0', ...registry),
    'audit export': { ...prints('ndjson', 'audit', 'export'), person: 'ops' },
    'audit checkpoints': { ...prints('ndjson', 'audit', 'checkpoints'), person: 'ops' },
    // Nothing was kept to compare with.
    'audit verify': {
      ...of('audit', 'verify', at('audit.export'), '--checkpoints', at('no-checkpoints'), ...trust),
      exit: 9,
    },
    verify: of('verify', at('run.tar'), ...trust, '--allow-dev'),
    inspect: prints('json', 'inspect', at('run.tar'), ...trust, '--allow-dev', '--format', 'json'),
    key: prints('text', 'key', ...trust, '--usage', 'bundle'),
    'config check': of('config', 'check', stack.configurationPath),
    'config show': of('config', 'show', stack.configurationPath),
    'config sample': prints('text', 'config', 'sample'),
    migrate: of('migrate', ...config),
    maintain: of('maintain', ...config),
    'maintain hold': {
      args: (format) => ['maintain', 'hold', ended(format), ...tenant, '--reason', 'table', ...config],
    },
    'maintain release': { args: (format) => ['maintain', 'release', ended(format), ...tenant, ...config] },
    'maintain backup': { args: (format) => ['maintain', 'backup', at(`backup-${format}`), ...config] },
    // The database has data already.
    'maintain restore': refused(1, 'maintain', 'restore', at('backup'), ...config),
    'maintain import': refused(1, 'maintain', 'import', '--from', at('no-folder'), ...config),
    // The services run, and no restore has stopped a run.
    'maintain settle': refused(1, 'maintain', 'settle', ...config),
    'maintain adopt-store': refused(1, 'maintain', 'adopt-store', ...config),
    'maintain resume': refused(4, 'maintain', 'resume', ...tenant, '--reason', 'table', ...config),
    // What it starts goes on until a signal; `dev-stack.int-spec` starts it.
    dev: { ...refused(2, 'dev', '--config', at('none.yaml')), document: 'nothing' },
    // As `dev`; `serve.int-spec` starts it.
    serve: { ...refused(2, 'serve', '--config', at('none.yaml')), document: 'nothing' },
    'dev token': prints('text', 'dev', '--keep-data', stack.stateDirectory, 'token', 'ada'),
    completion: prints('text', 'completion', 'bash'),
    explain: of('explain', 'GATE_SELF_APPROVAL'),
    schema: prints('json', 'schema'),
  };
}
