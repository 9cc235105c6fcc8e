import { spawnSync } from 'node:child_process';
import { KEEPING_FLAG, optimizeSooner, SOONER_FLAGS } from './compiled-code';

/** V8's own question whether a function is optimized, and its answer. */
const ASKS = ['--allow-natives-syntax', '--no-concurrent-recompilation'];
const IS_OPTIMIZED = 16;
/** From V8 12 on, calls are counted. */
const countsWork = Number.parseInt(process.versions.v8, 10) < 12;

/** What a process prints that runs this script with these flags. */
function runs(script: string, flags: readonly string[] = []): { readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8' });
  expect(status).toBe(0);
  return { stdout, stderr };
}

function setting(flag: string): string {
  return `require('node:v8').setFlagsFromString(${JSON.stringify(flag)});`;
}

/** What V8 reports when a process sets this flag. */
function reportOf(flag: string): string {
  return runs(setting(flag)).stderr;
}

/** Calls after which a function of 200 statements is optimized. */
function callsUntilOptimized(flags: readonly string[]): number {
  const script = `${flags.map(setting).join('')}
    const body = Array.from({ length: 200 }, (_, i) => \`if (a === \${i}) b += c[\${i % 7}] ?? \${i};\`).join('');
    const f = new Function('a', 'c', \`let b = 0; \${body} return b;\`);
    let calls = 0;
    for (; calls < 100_000 && (%GetOptimizationStatus(f) & ${IS_OPTIMIZED}) === 0; calls++) f(calls % 200, [1, 2, 3]);
    console.log(calls);`;
  return Number(runs(script, ASKS).stdout);
}

it('sets a flag that this release of V8 knows', () => {
  expect(reportOf(KEEPING_FLAG)).toBe('');
  // V8 reports flags that it does not know.
  expect(reportOf(KEEPING_FLAG.replace('reducer', 'reducers'))).toContain('unrecognized flag');
});

it('sets flags that V8 knows if it counts work, and none otherwise', () => {
  const known = SOONER_FLAGS.filter((flag) => reportOf(flag) === '');
  if (countsWork) expect(known).toEqual(SOONER_FLAGS);
  const set: string[] = [];
  const ofNode = (v8: string): readonly string[] => {
    optimizeSooner(v8, (flag) => set.push(flag));
    return set.splice(0);
  };
  expect(ofNode('11.3.244.8-node.38')).toEqual(SOONER_FLAGS);
  expect(ofNode('12.4.254.21-node.33')).toEqual([]);
  expect(ofNode('13.6.233.17-node.37')).toEqual([]);
});

it('lets V8 optimize a large function after less than a quarter of the calls', () => {
  if (!countsWork) return console.warn('skipped: this V8 counts calls');
  const usual = callsUntilOptimized([]);
  expect(usual).toBeLessThan(100_000);
  expect(callsUntilOptimized(SOONER_FLAGS)).toBeLessThan(usual / 4);
});
