// Runs every generator in a copy of the repository with `npx nx g …`, then builds, checks, lints, formats and draws everything, and runs
// the tests of the generated code and of the lists that name it. Prints one line for each generator; exit 1 if anything failed.
//   node tools/generators-trial.mjs            the working tree, with uncommitted files
//   node tools/generators-trial.mjs port route … only these generators
//   node tools/generators-trial.mjs --keep     … and keeps the copy, whose path it prints
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const KEEP = process.argv.includes('--keep');
const env = {
  ...process.env,
  FORCE_COLOR: '0',
  NX_DAEMON: 'false',
  NX_NO_CLOUD: 'true',
  TASKRUNNER_TEST_CLUSTER: undefined,
  TASKRUNNER_TEST_CLUSTER_FOLDER: undefined,
};
const G = '@taskrunner/generators';
const SENTENCE = '--about=It is for a trial.';

/** The calls of generators, and the specs that verify each result. */
const TRIALS = [
  {
    name: 'library',
    calls: [['library', 'object-lock', SENTENCE, '--needs=core']],
    tests: { 'libs/object-lock': [] },
  },
  {
    name: 'executor',
    calls: [
      ['executor', 'pick-one', SENTENCE, '--effects=pure'],
      ['executor', 'ring-bell', SENTENCE, '--effects=once'],
    ],
    tests: {
      'libs/core': [
        '(pick-one|ring-bell)-executor',
        'lib/planner/laws/(golden-plans|pack-schema)',
        'lib/simulation/simulate',
      ],
      'libs/infrastructure': [
        '(pick-one|ring-bell)-executor',
        'pure-executors',
        'executors/schema-agreement',
        'container-settings',
      ],
    },
  },
  {
    name: 'port',
    calls: [['port', 'run-notes', SENTENCE, '--room=runs']],
    tests: { 'libs/core': ['memory-run-notes'] },
  },
  {
    name: 'migration',
    calls: [
      ['migration', 'noted-runs', SENTENCE, '--table=runs', '--column=note'],
      ['migration', 'bookmarks', SENTENCE, '--table=bookmarks'],
    ],
    tests: {
      'libs/infrastructure': [
        '(noted-runs|bookmarks)',
        'postgres/.*(migrate|tenancy|retention|object-references|explain)\\.int',
      ],
    },
  },
  {
    name: 'configuration-key',
    calls: [
      ['configuration-key', 'drain-pause', '--section=worker', '--type=duration', '--default=5s', SENTENCE],
      ['config-key', 'keep-names', '--section=artifacts.uploads', '--type=flag', '--default=false', SENTENCE],
      ['config-key', 'read-ahead', '--section=http.streams', '--type=size', '--default=64KiB', SENTENCE],
      ['config-key', 'most-guests', '--section=approvals', '--type=number', '--default=12', '--unit=people', SENTENCE],
      ['config-key', 'greeting', '--section=webhooks', '--type=text', '--default=hello', SENTENCE],
    ],
    tests: { 'libs/infrastructure': ['lib/configuration/'], 'apps/cli': ['config.command'] },
  },
  {
    name: 'route',
    calls: [['route', 'closing-note', SENTENCE, '--scope=packs.run']],
    tests: { 'apps/webservice': ['closing-note', 'problem.spec', 'webservice.int-spec'] },
  },
];

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const tried = TRIALS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const unknown = wanted.filter((word) => !TRIALS.some(({ name }) => name === word));
if (unknown.length > 0)
  throw new Error(`no generator ${unknown.join(', ')}: use ${TRIALS.map(({ name }) => name).join(', ')}`);

/** Calls that must be refused in one line that names the option, without changing anything. */
const REFUSED = [
  ['library', 'ObjectLock', SENTENCE],
  ['library', 'other-lock', SENTENCE, '--needs=nothing'],
  ['executor', 'http', SENTENCE],
  ['port', 'uploads', SENTENCE, '--room=runs'],
  ['migration', 'more', SENTENCE, '--table=nothing', '--column=note'],
  ['config-key', 'lease', '--section=worker', '--type=flag', '--default=true', SENTENCE],
  ['route', 'evidence', SENTENCE],
];

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'taskrunner-generators-')));

function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...{ cwd: scratch, env, encoding: 'utf8', maxBuffer: 1 << 28 },
    ...options,
  });
  return { isGood: status === 0, text: `${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}` };
}

function must(command, args, options) {
  const { isGood, text } = run(command, args, options);
  if (!isGood) throw new Error(`${command} ${args.join(' ')}\n${text}`);
  return text;
}

/**
 * The files of the working tree and the installed packages. npm's links to the projects are relative, so in the copy they refer to the
 * copy.
 */
function copyRepository() {
  const listed = must('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const path of listed.split('\0').filter((one) => one !== '' && existsSync(join(ROOT, one)))) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    copyFileSync(join(ROOT, path), join(scratch, path));
  }
  const nested = ['libs', 'apps'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}/node_modules`),
  );
  for (const path of ['node_modules', ...nested].filter((one) => existsSync(join(ROOT, one))))
    cpSync(join(ROOT, path), join(scratch, path), { recursive: true, verbatimSymlinks: true });
  mustLeadIntoCopy();
  must('git', ['init', '--quiet', '--initial-branch=main']);
  commit('as it was');
}

function mustLeadIntoCopy() {
  const links = join(scratch, 'node_modules/@taskrunner');
  for (const name of readdirSync(links))
    if (!realpathSync(join(links, name)).startsWith(scratch + sep))
      throw new Error(`node_modules/@taskrunner/${name} leads out of the copy: run npm ci, and try again`);
}

function commit(message) {
  must('git', ['add', '--all']);
  const author = ['-c', 'user.name=trial', '-c', 'user.email=trial@localhost'];
  must('git', [...author, 'commit', '--quiet', '--no-verify', '--allow-empty', '--message', message]);
}

const changed = () => must('git', ['status', '--porcelain', '--untracked-files=all']).split('\n').filter(Boolean);
const generate = ([generator, ...options]) =>
  run('npx', ['nx', 'g', `${G}:${generator}`, ...options, '--no-interactive']);

/** The faults; empty: none. */
function testsOf(tests) {
  const faults = [];
  let passed = 0;
  for (const [project, patterns] of Object.entries(tests)) {
    const report = join(scratch, project, 'trial-report.json');
    const jest = [
      'node_modules/jest/bin/jest.js',
      '-c',
      `${project}/jest.config.js`,
      '--json',
      `--outputFile=${report}`,
    ];
    const { isGood, text } = run(process.execPath, [
      ...jest,
      ...patterns.flatMap((one) => ['--testPathPatterns', one]),
    ]);
    const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { numPassedTests: 0 };
    rmSync(report, { force: true });
    passed += counts.numPassedTests;
    if (!isGood || counts.numPassedTests === 0) faults.push(`tests of ${project}:\n${text}`);
  }
  return { passed, faults };
}

const lines = [];
const faults = [];
const began = Date.now();
const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;
function say(name, what, found) {
  const line = `${found.length === 0 ? 'ok    ' : 'FAILED'} ${name}: ${what}`;
  lines.push(line);
  console.log(line);
  for (const fault of found) {
    faults.push(fault);
    console.error(fault);
  }
}

try {
  copyRepository();
  for (const trial of tried) {
    trial.faults = [];
    for (const call of trial.calls) {
      const { isGood, text } = generate(call);
      if (!isGood) trial.faults.push(`nx g ${G}:${call.join(' ')}\n${text}`);
    }
    trial.files = changed().length;
    if (trial.files === 0) trial.faults.push('nothing was made');
    commit(trial.name);
  }
  const whole = Date.now();
  mustLeadIntoCopy();
  const lock = run('npm', ['ci', '--dry-run', '--offline', '--ignore-scripts']);
  const targets = ['-t', 'build', 'lint', 'typecheck', 'format', 'diagrams'];
  const checks = run('npx', ['nx', 'run-many', ...targets, '--output-style=stream']);
  const checkSeconds = seconds(whole);

  for (const { name, calls, tests, files, faults: found } of tried) {
    const since = Date.now();
    const tested = found.length === 0 ? testsOf(tests) : { passed: 0, faults: [] };
    say(
      name,
      `${calls.length} × nx g, ${files} files made or changed, ${tested.passed} tests passed in ${seconds(since)}`,
      [...found, ...tested.faults],
    );
  }
  say(
    'all together',
    `npm ci takes the lock file; build, check, format, diagrams of every project in ${checkSeconds}`,
    [lock, checks].filter(({ isGood }) => !isGood).map(({ text }) => text),
  );

  const before = changed().join('\n');
  const refusals = REFUSED.flatMap((call) => {
    const { isGood, text } = generate(call);
    const named = text.split('\n').filter((line) => /--[a-zA-Z]+: .+\. .+\.$/.test(line));
    if (isGood || named.length !== 1) return [`nx g ${G}:${call.join(' ')} was not refused in one line:\n${text}`];
    return changed().join('\n') === before ? [] : [`nx g ${G}:${call.join(' ')} was refused, and left files`];
  });
  say('bad input', `${REFUSED.length} calls were refused in one line, and left nothing`, refusals);
} finally {
  if (KEEP) console.log(`the copy: ${scratch}`);
  else rmSync(scratch, { recursive: true, force: true });
}
console.log(`${faults.length === 0 ? 'all generators hold' : `${faults.length} faults`}, ${seconds(began)}`);
process.exit(faults.length === 0 ? 0 : 1);
