// The fault points exist in the shipped build, and the shipped build contains no trace of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';

const require = createRequire(import.meta.url);
const { POINTS } = require('./points.cjs');
const { Faults, hang, readFaults } = require('./fault.cjs');
const ROOT = join(import.meta.dirname, '..', '..', '..');
const LIB = join(ROOT, 'libs/infrastructure/dist/lib');

for (const [point, seams] of Object.entries(POINTS))
  test(`${point} hangs on a class and a method of the build`, () => {
    for (const seam of seams) {
      const exported = require(join(LIB, seam.file));
      const original = exported[seam.type].prototype[seam.method];
      hang(point, seam, exported, new Faults([]));
      assert.notEqual(exported[seam.type].prototype[seam.method], original);
      exported[seam.type].prototype[seam.method] = original;
    }
  });

test('a seam that is not there is an error, never silence', () => {
  for (const change of [{ type: 'Renamed' }, { method: 'renamed' }]) {
    const seam = { ...POINTS.claim[0], ...change };
    assert.throws(() => hang('claim', seam, require(join(LIB, seam.file)), new Faults([])), /hangs on nothing/);
  }
});

test('no build of the product has a trace of a fault point', () => {
  const words = ['TASKRUNNER_FAULT', 'tools/chaos', ...Object.keys(POINTS).filter((point) => point.includes('-'))];
  const traces = ['libs/core', 'libs/infrastructure', 'apps/webservice', 'apps/worker', 'apps/cli'].flatMap(
    (project) => {
      const dist = join(ROOT, project, 'dist');
      assert.ok(existsSync(dist), `${project} is not built`);
      return readdirSync(dist, { recursive: true })
        .filter((name) => /\.(js|json|d\.ts)$/.test(name))
        .flatMap((name) => {
          const text = readFileSync(join(dist, name), 'utf8');
          return words.filter((word) => text.includes(word)).map((word) => `${project}/dist/${name}: ${word}`);
        });
    },
  );
  assert.deepEqual(traces, []);
});

test('no image has them: their files are not among what images are made of', () => {
  for (const image of ['worker', 'webservice']) {
    const ignored = readFileSync(join(ROOT, `docker/${image}.Dockerfile.dockerignore`), 'utf8').split('\n');
    // The environment contains only the named variables.
    assert.equal(ignored[0], '**');
    assert.deepEqual(
      ignored.filter((line) => line.startsWith('!tools')),
      [],
    );
  }
});

test('counts passes, by label where one is asked for', () => {
  const sent = [];
  const faults = new Faults(readFaults('claim:2,step-starts@poison:1:SIGSTOP'), (signal) => sent.push(signal));
  faults.pass('claim');
  faults.pass('step-starts', 'innocent');
  assert.deepEqual(sent, []);
  faults.pass('step-starts', 'poison');
  faults.pass('claim');
  faults.pass('claim');
  assert.deepEqual(sent, ['SIGSTOP', 'SIGKILL']);
});

test('refuses what is no fault', () => {
  for (const text of ['', 'claim', 'claim:0', 'nowhere:1', 'claim:1:SIGHUP', 'claim:x'])
    assert.throws(() => readFaults(text), /not a fault/);
});

/** Runs code with the preload. Returns the end of the process. */
function run(fault, code) {
  const preload = join(import.meta.dirname, 'preload.cjs');
  const env = { PATH: process.env.PATH, ...(fault === null ? {} : { TASKRUNNER_FAULT: fault }) };
  const { signal, status, stdout } = spawnSync(process.execPath, ['--require', preload, '-e', code], {
    env,
    encoding: 'utf8',
  });
  return { signal, status, stdout };
}

test('kills the process at the pass that was asked for, after what the method did', () => {
  const file = JSON.stringify(join(LIB, 'postgres/claims/postgres-claims.js'));
  const code = `const { PostgresClaims } = require(${file});
    const claims = Object.assign(Object.create(PostgresClaims.prototype), { numbered: async () => { process.stdout.write('claimed '); return [{}]; } });
    void (async () => { for (let i = 0; i < 3; i++) await claims.claim({}, 1); process.stdout.write('alive'); })();`;
  assert.deepEqual(run('claim:2', code), { signal: 'SIGKILL', status: null, stdout: 'claimed claimed ' });
  assert.deepEqual(run(null, code), { signal: null, status: 0, stdout: 'claimed claimed claimed alive' });
});

test('without the variable the preload loads nothing', () => {
  const code = `process.stdout.write(String(Object.keys(require.cache).filter((path) => path.includes('infrastructure')).length))`;
  assert.equal(run(null, code).stdout, '0');
});
