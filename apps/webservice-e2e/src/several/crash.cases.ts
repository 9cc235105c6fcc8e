import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Caller, isAlive, pack, pause, DevStack } from '../stack/stack';

const STEPS = 6;
const WORK = pack(
  Array.from(
    { length: STEPS },
    (_, i) => `- id: step-${i}
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "for n in 1 2 3 4 5; do echo step ${i} line $n; sleep 0.1; done; sleep 0.2; echo '{\\"n\\": ${i}}' > $TASKRUNNER_OUTPUTS" } }`,
  ).join('\n'),
);

/** All descendants of some processes, as listed by the kernel. */
function descendants(roots: readonly number[]): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = new Set(roots);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, parent] of table) {
      if (pid !== undefined && parent !== undefined && found.has(parent) && !found.has(pid))
        grown = found.add(pid) !== undefined;
    }
  }
  return [...found].filter((pid) => !roots.includes(pid));
}

/** True for the shell of a script step. */
function isShell(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]?.endsWith('sh') ?? false;
  } catch {
    return false;
  }
}

describe('a worker that is killed in the middle of a run', () => {
  let stack: DevStack;
  let ada: Caller;

  beforeAll(async () => {
    // The next driver resumes from a snapshot.
    stack = await DevStack.shared('several');
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 120_000);

  /** The worker with a shell below it. A step begins some time before its process exists. */
  async function workerWithShell(): Promise<{ readonly pid: number }> {
    for (const end = Date.now() + 30_000; Date.now() < end; await pause(50))
      for (const pid of await stack.workerPids()) if (descendants([pid]).some(isShell)) return { pid };
    throw new Error('no worker has a shell');
  }

  it('is followed by another that ends it: one result a step, no line lost, no child left', async () => {
    const run = await ada.submit(WORK);
    for (;;) {
      const { body } = await ada.ask('GET', `/api/runs/${run}/steps`);
      if (
        (body['items'] as { id: string; status: string }[]).some(
          ({ id, status }) => id === 'step-2' && status === 'running',
        )
      )
        break;
      await pause(50);
    }
    const driving = await workerWithShell();
    const children = descendants([driving.pid]);
    await stack.killWorker('SIGKILL', driving.pid);
    for (let tries = 0; children.some(isAlive) && tries < 600; tries++) await pause(50);
    expect(children.filter(isAlive)).toEqual([]);
    const summary = await ada.until(run, ['succeeded', 'failed'], 60);
    expect(summary['status']).toBe('succeeded');

    const { body } = await ada.ask('GET', `/api/runs/${run}/steps`);
    const steps = body['items'] as { id: string; status: string; attempts: number; outputs: { n: number } }[];
    expect(steps.map(({ id, status, attempts, outputs }) => [id, status, attempts, outputs.n])).toEqual(
      Array.from({ length: STEPS }, (_, i) => [`step-${i}`, 'succeeded', 1, i]),
    );
    const { lines } = await ada.lines(run, { after: 0 });
    const numbered = lines.filter(({ data }) => data['eventType'] !== 'run.finished');
    expect(numbered.map(({ id }) => id)).toEqual(numbered.map((_, i) => i + 1));
    expect(summary['lastLine']).toBe(numbered.length);
    for (let step = 0; step < STEPS; step++) {
      for (let line = 1; line <= 5; line++)
        expect(numbered.some(({ data }) => data['message'] === `step ${step} line ${line}`)).toBe(true);
    }
    const journal = Buffer.from(await ada.sealed(run)).toString('latin1');
    const [snapshot, takeover] = ['"type":"state"', '"type":"run.claimed"'].map((text) => journal.indexOf(text));
    expect(snapshot).toBeGreaterThan(takeover ?? 0);
    expect(journal.lastIndexOf('"type":"run.claimed"')).toBeGreaterThan(snapshot ?? Infinity);
  }, 120_000);
});
