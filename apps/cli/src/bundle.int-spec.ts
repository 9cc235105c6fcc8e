import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROJECT = join(__dirname, '..');
const PROGRAM = join(PROJECT, 'bin/taskrunner.js');

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bundle-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const cache = (): string => join(home, 'cache/taskrunner/compiled');
const kept = (): readonly string[] => readdirSync(cache()).sort();

/** `flags`: those of Node.js. */
function node(flags: readonly string[], words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { NODE_OPTIONS: _options, NODE_DISABLE_COMPILE_CACHE: _disabled, ...others } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...words], {
    cwd: home,
    env: { ...others, HOME: home, XDG_CACHE_HOME: join(home, 'cache'), XDG_CONFIG_HOME: home, ...env },
    encoding: 'utf8',
    // A watchdog: damaged code may do anything.
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  return { status, stdout, stderr };
}

const taskrunner = (...words: readonly string[]) => node([], [PROGRAM, ...words]);

it('a command is the same from the bundle and from its modules, and from the bundle it loads no module', () => {
  const list = "process.once('exit', () => console.error(Object.keys(require.cache).length))";
  writeFileSync(join(home, 'list.js'), list);
  const count = ['--require', join(home, 'list.js')];
  for (const words of [['--help'], ['explain', 'CLI_CONFIG'], ['schema', 'pack'], ['validate', 'nothing']]) {
    const bundled = node([], [PROGRAM, ...words]);
    const modules = node([], [join(PROJECT, 'dist/main.js'), ...words]);
    const hints = (text: string) => text.replaceAll(PROGRAM, 'X').replaceAll(join(PROJECT, 'dist/main.js'), 'X');
    const named = ({ status, stdout, stderr }: typeof bundled) => ({
      status,
      stdout: hints(stdout),
      stderr: hints(stderr),
    });
    expect(named(bundled)).toEqual(named(modules));
  }
  // The program, the loader of the bundle and the list.
  expect(node(count, [PROGRAM, '--help']).stderr).toBe('3\n');
});

it('compiled code of each command is kept for this account alone', () => {
  expect(taskrunner('--version').status).toBe(0);
  expect(statSync(cache()).mode & 0o777).toBe(0o700);
  const [first = ''] = kept();
  expect(first).toMatch(/^help-[0-9a-f]{24}$/);
  expect(statSync(join(cache(), first)).mode & 0o777).toBe(0o600);
  const before = statSync(join(cache(), first)).mtimeMs;
  // Words that are no command have none of their own.
  taskrunner('unheard-of');
  taskrunner('explain', 'CLI_CONFIG');
  expect(kept().map((name) => name.split('-')[0])).toEqual(['explain', 'help']);
  expect(statSync(join(cache(), first)).mtimeMs).toBe(before);
  // V8 accepts it with the same flags.
  node(['--stack-size=900'], [PROGRAM, '--version']);
  expect(kept()).toHaveLength(3);
});

it('compiled code that is damaged, or that others can write, is not used', () => {
  const { stdout } = taskrunner('--version');
  const [name = ''] = kept();
  const path = join(cache(), name);
  const whole = readFileSync(path);
  for (const damaged of [
    whole.subarray(0, 1_000),
    whole.subarray(0, whole.length / 2),
    Buffer.from('no'),
    Buffer.from(whole).fill(7, whole.length - 50_000),
  ]) {
    writeFileSync(path, damaged);
    expect(taskrunner('--version')).toEqual({ status: 0, stdout, stderr: '' });
    expect(readFileSync(path).equals(damaged)).toBe(false);
  }
  for (const [place, mode] of [
    [path, 0o622],
    [cache(), 0o777],
  ] as const) {
    chmodSync(path, 0o600);
    writeFileSync(path, 'no');
    chmodSync(place, mode);
    expect(taskrunner('--version').stdout).toBe(stdout);
  }
  // Nothing is written where others can put anything.
  expect(readFileSync(path, 'utf8')).toBe('no');
});

it('works without the cache, and where none can be made', () => {
  const { stdout } = node([], [PROGRAM, '--version'], { NODE_DISABLE_COMPILE_CACHE: '1' });
  expect(readdirSync(home)).toEqual([]);
  expect(node([], [PROGRAM, '--version'], { XDG_CACHE_HOME: '/proc/none' })).toEqual({ status: 0, stdout, stderr: '' });
});

it('names the sources in stack traces if Node.js is told to', () => {
  writeFileSync(
    join(home, 'fail.js'),
    `const { argv } = process; const { slice } = argv; argv.slice = function (...all) { console.log(new Error('here').stack); return slice.apply(argv, all); };`,
  );
  const traced = node(['--enable-source-maps', '--require', join(home, 'fail.js')], [PROGRAM, '--version']);
  expect(traced.stdout).toMatch(/apps\/cli\/src\/main\.ts:\d+:\d+/);
});
