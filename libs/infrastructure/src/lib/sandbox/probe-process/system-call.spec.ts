import { spawnSync } from 'node:child_process';
import { verdictOf } from './system-call';

it('a program that was stopped after its time was not refused by the kernel', () => {
  expect(verdictOf(spawnSync('sleep', ['600'], { timeout: 1 }))).toBe('not started');
});

it('a program that a signal ended was killed, and one that ended has an error number', () => {
  expect(verdictOf(spawnSync('sh', ['-c', 'kill -SYS $$']))).toBe('killed');
  expect(verdictOf(spawnSync('sh', ['-c', 'exit 1']))).toBe(1);
  expect(verdictOf(spawnSync('/nowhere/program'))).toBe('not started');
});
