import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { discardDatabase } from '@taskrunner/infrastructure/embedded-postgres';

// The real command with the development Authority.

const PROGRAM = join(__dirname, '../../bin/taskrunner.js');
let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'folder-stack-'))));
afterAll(async () => {
  const database = join(folder, 'state/storage/database');
  if (existsSync(database)) await discardDatabase(database);
  rmSync(folder, { recursive: true, force: true });
});

function started(...words: readonly string[]) {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('TASKRUNNER_'));
  const env = { ...Object.fromEntries(others), HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (text += piece.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  let isOver = false;
  void ended.then(() => (isOver = true));
  const until = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted) && !isOver) await delay(20);
  };
  return { child, said: () => text, until, ended };
}

const dev = () => started('dev', '--keep-data', 'state', '--storage', 'file', '--no-open');
const held = () => existsSync(join(folder, 'state/storage/owner'));

describe('taskrunner dev --storage file', () => {
  it('runs on a folder without a database server of its own, keeps its data, and ends with its starter', async () => {
    const first = dev();
    await first.until('Press Ctrl-C');
    const server = /^API\s+(\S+)/m.exec(first.said())?.[1] ?? '';
    const signedIn = started('dev', '--keep-data', 'state', 'token', 'ada');
    expect(await signedIn.ended).toBe(0);
    const token = signedIn.said().trim();
    const me = await fetch(`${server}/api/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(me.status).toBe(200);
    expect([existsSync(join(folder, 'state/database')), held()]).toEqual([false, true]);
    expect(readFileSync(join(folder, 'state/task-runner.yaml'), 'utf8')).toContain('"kind": "file"');
    // The stack with a database server has another one.
    expect([
      existsSync(join(folder, 'state/storage-objects/identity')),
      existsSync(join(folder, 'state/objects')),
    ]).toEqual([true, false]);
    first.child.kill('SIGTERM');
    expect([await first.ended, held()]).toEqual([0, false]);

    const killed = dev();
    await killed.until('Press Ctrl-C');
    expect(held()).toBe(true);
    killed.child.kill('SIGKILL');
    await killed.ended;
    while (held()) await delay(50);

    const refused = started('dev', '--keep-data', 'state', '--storage', 'folder');
    expect([await refused.ended, refused.said()]).toEqual([2, expect.stringContaining('server, file')]);
  }, 600_000);
});
