import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClaimedRun } from '@taskrunner/core/ports';
import type { Configuration } from '@taskrunner/infrastructure/modules';
import type { WorkerLog } from '../reporting/worker-log';
import { Quarantine, type IsolatedDrive, type IsolatedOutcome } from './quarantine';

/** A process that does what the run's id says, and records the messages that it receives. */
const PROCESS = `
const { appendFileSync } = require('node:fs');
const note = (what) => {
  try {
    appendFileSync(process.env.NOTES, process.pid + ' ' + what + '\\n');
  } catch {
    // The test is over.
  }
};
const mistake = process.env.MISTAKE ?? null;
if (process.env.BROKEN) process.send({ type: 'failed', causes: ['Error: no vault'], mistake }, () => process.exit(4));
else note('in ' + process.env.TASKRUNNER_SANDBOX_WORK_DIRECTORY);
process.on('disconnect', () => process.exit(1));
process.on('message', (message) => {
  note(message.type === 'configure' ? 'configured ' + message.configuration.database.workerUrl : message.type);
  if (message.type === 'leave') process.exit(0);
  if (message.type === 'hand-over') process.send({ type: 'driven', driven: 'handed-over' });
  if (message.type !== 'drive') return;
  if (message.run.runId === 'breaks') process.exit(3);
  process.send({ type: 'driving' }, () => {
    if (message.run.runId === 'dies') process.kill(process.pid, 'SIGKILL');
    if (message.run.runId === 'ends') process.send({ type: 'driven', driven: 'ended' });
    if (message.run.runId !== 'mistaken') return;
    process.send({ type: 'failed', causes: ['TypeError: lone surrogate'], mistake: 'lone surrogate' });
    process.send({ type: 'driven', driven: 'failed' }, () => process.exit(1));
  });
});
if (!process.env.BROKEN) process.send({ type: 'ready' });
`;

describe('runs in quarantine', () => {
  let folder: string;
  let quarantine: Quarantine;
  const said: unknown[] = [];
  const log: WorkerLog = { say: (level, event, fields) => void said.push([level, event, fields]) };
  const notes = (): string[] => readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n');
  const envOf = (place: string) => ({
    ...{ PATH: process.env['PATH'], NOTES: join(folder, 'notes') },
    TASKRUNNER_SANDBOX_WORK_DIRECTORY: place,
  });
  const configuration = { database: { workerUrl: 'postgresql://of-the-worker' } } as unknown as Configuration;
  const settingsOf = (place: string) => ({ environment: envOf(place), configuration });
  const pids = (): Set<string> => new Set(notes().map((line) => line.split(' ')[0] ?? ''));
  const open = (runId: string): IsolatedDrive =>
    quarantine.open({ runId, tenant: 'acme', crashes: 2 } as unknown as ClaimedRun, null);
  const drive = (runId: string): Promise<IsolatedOutcome> => open(runId).drive();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-quarantine-'));
    writeFileSync(join(folder, 'process.js'), PROCESS);
    writeFileSync(join(folder, 'notes'), '');
    quarantine = new Quarantine(settingsOf, '/var/place', log, join(folder, 'process.js'));
  });
  // A process that is leaving may write between the listing and the removal; retries of rmSync do not list the folder again.
  afterEach(() => {
    for (let tries = 100; existsSync(folder); tries -= 1) {
      try {
        rmSync(folder, { recursive: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || tries === 0) throw error;
      }
    }
  });

  // Node may learn of the end of a process before it has read its last messages, if other processes end at the same time.
  it('are blamed for a process that dies of them while other processes end', async () => {
    const outcomes = new Set<IsolatedOutcome>();
    let isOver = false;
    const endTogether = async (): Promise<void> => {
      while (!isOver) {
        const others = Array.from({ length: 6 }, () => once(spawn('/bin/true', { stdio: 'ignore' }), 'exit'));
        await Promise.all(others);
        await delay(1);
      }
    };
    const others = endTogether();
    for (let round = 0; round < 10; round += 1)
      for (const outcome of await Promise.all([drive('dies'), drive('dies')])) outcomes.add(outcome);
    isOver = true;
    await others;
    expect([...outcomes]).toEqual(['died']);
  });

  it('are blamed for a process that dies of them, and for nothing that came before', async () => {
    expect(await drive('dies')).toBe('died');
    expect(await drive('breaks')).toBe('failed');
    expect(await drive('ends')).toBe('ended');
    expect(pids().size).toBe(3);
  });

  it('say why no process can be had for them, or why it has ended early', async () => {
    const failed = (fields: object): unknown => [
      'error',
      'quarantine.failed',
      expect.objectContaining({ tenant: 'acme', script: join(folder, 'process.js'), ...fields }),
    ];
    said.length = 0;
    expect(await drive('breaks')).toBe('failed');
    expect(said).toContainEqual(failed({ runId: 'breaks', exitCode: 3, signal: null }));
    const broken = (place: string) => ({ configuration, environment: { ...envOf(place), BROKEN: 'yes' } });
    quarantine = new Quarantine(broken, '/var/place', log, join(folder, 'process.js'));
    expect(await drive('ends')).toBe('failed');
    expect(said.at(-1)).toEqual(failed({ runId: 'ends', exitCode: 4, causes: ['Error: no vault'] }));
    quarantine = new Quarantine(settingsOf, '/var/place', log, join(folder, 'absent.js'));
    expect(await drive('ends')).toBe('failed');
    expect(said.at(-1)).toEqual(failed({ script: join(folder, 'absent.js'), exitCode: 1, causes: [] }));
  });

  it('tell the worker a mistake of a process that does not start, which counts as one of the run', async () => {
    const environment = { BROKEN: 'yes', MISTAKE: 'no address' };
    const mistaken = (place: string) => ({ configuration, environment: { ...envOf(place), ...environment } });
    quarantine = new Quarantine(mistaken, '/var/place', log, join(folder, 'process.js'));
    const one = open('ends');
    expect([await one.drive(), one.mistake]).toEqual(['failed', 'no address']);
  });

  it('get the configuration of their worker, once for a process', async () => {
    expect([await drive('ends'), notes()[1]]).toEqual([
      'ended',
      expect.stringMatching(/configured postgresql:\/\/of-the-worker$/),
    ]);
  });

  it('tell the worker a mistake of the program, once, and leave no process that is about to end', async () => {
    said.length = 0;
    const drives = [open('mistaken'), open('ends')];
    expect(await drives[0]?.drive()).toBe('failed');
    expect(drives[0]?.mistake).toBe('lone surrogate');
    const failures = said.filter((line) => JSON.stringify(line).includes('quarantine.failed'));
    expect(failures).toEqual([
      ['error', 'quarantine.failed', expect.objectContaining({ causes: ['TypeError: lone surrogate'] })],
    ]);
    expect(await drives[1]?.drive()).toBe('ended');
    expect([drives[1]?.mistake, pids().size]).toEqual([null, 2]);
  });

  it('stand in two processes at most, and one that survived a run drives the next', async () => {
    expect(await Promise.all(['ends', 'ends', 'ends', 'ends', 'ends'].map(drive))).toEqual(Array(5).fill('ended'));
    expect(pids().size).toBe(2);
    const folders = notes().flatMap((line) => /in (.*)/.exec(line)?.[1] ?? []);
    expect(folders.sort()).toEqual(['/var/place/quarantine-0', '/var/place/quarantine-1']);
    while (notes().filter((line) => line.endsWith('leave')).length < 2) await new Promise((go) => setTimeout(go, 20));
  });

  it('go back to other workers where no place becomes free', async () => {
    quarantine = new Quarantine(settingsOf, '/var/place', log, join(folder, 'process.js'), 300);
    const held = [open('waits'), open('waits')];
    const driven = held.map((one) => one.drive());
    expect(await drive('ends')).toBe('handed-over');
    for (const one of held) one.handOver();
    expect(await Promise.all(driven)).toEqual(['handed-over', 'handed-over']);
    expect(await drive('ends')).toBe('ended');
  });

  it('end with their worker, and none is blamed', async () => {
    said.length = 0;
    const driven = ['waits', 'waits', 'waits'].map(drive);
    while (notes().filter((line) => line.endsWith('drive')).length < 2) await new Promise((go) => setTimeout(go, 20));
    await quarantine.close();
    expect(await Promise.all(driven.slice(0, 2))).toEqual(['handed-over', 'handed-over']);
    for (const pid of pids()) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    expect(await driven[2]).toBe('handed-over');
    expect(said).not.toContainEqual(expect.arrayContaining(['quarantine.failed']));
  });

  it('hear of renewals and letters, and are handed over, also while they wait', async () => {
    quarantine.renew({ ms: 6_000, sentAtMs: 1 });
    const [first, second, third] = ['waits', 'waits', 'waits'].map(open) as [
      IsolatedDrive,
      IsolatedDrive,
      IsolatedDrive,
    ];
    const driven = [first, second, third].map((one) => one.drive());
    while (notes().filter((line) => line.endsWith('drive')).length < 2) await new Promise((go) => setTimeout(go, 20));
    first.inboxChanged();
    for (const one of [third, first, second]) one.handOver();
    expect(await Promise.all(driven)).toEqual(['handed-over', 'handed-over', 'handed-over']);
    const heard = notes().map((line) => line.split(' ')[1]);
    expect(heard.filter((what) => what === 'renew')).toHaveLength(2);
    expect(heard.filter((what) => what === 'drive')).toHaveLength(2);
    expect(heard).toContain('mail');
  });
});
