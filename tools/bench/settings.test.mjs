import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { mistakesIn, whyNoTable } from './settings.mjs';

test('accepts what can be measured', () => {
  for (const environment of [
    {},
    { BENCH_PEERS: '' },
    { BENCH_PEERS: 'dbos, restate' },
    { BENCH_MODES: 'pure', BENCH_ROUNDS: '1', BENCH_WARM_MS: '0', BENCH_STORAGE: 'file', BENCH_WORKERS: '1,3' },
    { TASKRUNNER_CEILING: import.meta.filename, PATH: '/usr/bin' },
  ])
    assert.deepEqual(mistakesIn(environment), []);
});

test('names each mistake, in one line', () => {
  for (const [name, value] of [
    ['BENCH_ROUNDS', '0'],
    ['BENCH_ROUNDS', '1.5'],
    ['BENCH_ROUNDS', ''],
    ['BENCH_RUNS', 'abc'],
    ['BENCH_IN_FLIGHT', '-3'],
    ['BENCH_MODES', 'purr'],
    ['BENCH_MODES', ''],
    ['BENCH_PEERS', 'dboss'],
    ['BENCH_PEERS', '../peers/dbos'],
    ['BENCH_STORAGE', 'files'],
    ['BENCH_WORKERS', 'x'],
    ['BENCH_WORKERS', '1,,3'],
    ['BENCH_PROFILE', ''],
    ['TASKRUNNER_CEILING', '/none/there'],
  ]) {
    const [mistake, ...more] = mistakesIn({ [name]: value });
    assert.match(mistake, new RegExp(`^${name} must be .*, not "${value}"\\.$`));
    assert.deepEqual(more, []);
  }
  assert.match(mistakesIn({ BENCH_ROUND: '3' })[0], /^There is no BENCH_ROUND\. There are: BENCH_ROUNDS, /);
});

test('the table of README is that of its sentence', () => {
  assert.equal(whyNoTable([], {}), null);
  assert.equal(whyNoTable(['one-run', 'durable-steps'], {}), null);
  assert.match(whyNoTable(['durable-steps'], {}), /needs one-run/);
  assert.match(whyNoTable([], { BENCH_RUNS: '5', BENCH_PEERS: 'dbos' }), /without BENCH_RUNS, BENCH_PEERS/);
});

test('is refused before anything starts', () => {
  const main = join(import.meta.dirname, 'main.mjs');
  for (const [args, environment, message] of [
    [['one-run'], { BENCH_MODES: 'purr' }, 'BENCH_MODES must be'],
    [['nothing'], {}, 'There is no nothing.'],
    [['map-cost'], { BENCH_STORAGE: 'file', BENCH_WORKERS: '2' }, 'BENCH_STORAGE=file: a folder has one worker'],
    [['one-run', '--note'], {}, '--note needs durable-steps.'],
    [['durable-steps', 'one-run', '--note'], { BENCH_ROUNDS: '2' }, '--note needs three rounds'],
  ]) {
    const { status, stderr, stdout } = spawnSync(process.execPath, [main, ...args], {
      env: { PATH: process.env['PATH'], ...environment },
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout], [2, '']);
    assert.ok(stderr.startsWith(message), stderr);
    assert.equal(stderr.trim().split('\n').length, 1);
  }
});
