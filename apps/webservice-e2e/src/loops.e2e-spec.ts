import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller, pack, pause, startStack, type DevStack } from './stack';

const LAST = 3;

/** A loop that polls: each turn adds a line to a file outside, so that turns that were made twice are seen. */
const poll = (file: string): string =>
  pack(`- id: poll
  loop:
    until: "{{ steps.look.outputs.n == ${LAST} }}"
    delay: 2s
    maxIterations: 20
    aggregation: last
    body:
      - id: look
        effects: idempotent
        run:
          uses: builtin:script
          with:
            interpreter: [sh]
            args: ["{{ index }}", "{{ previous.n || 0 }}"]
            source: 'echo "turn $1 after $2" >> ${file}; sleep 1; echo "{\\"n\\": $(($2 + 1))}" > $TASKRUNNER_OUTPUTS'
- { id: after, run: { uses: "builtin:noop", with: { n: "{{ steps.poll.outputs.n }}", turns: "{{ steps.poll.iterations }}" } } }`);

interface StepView {
  readonly id: string;
  readonly status: string;
  readonly outputs: unknown;
}

describe('a loop that waits between its turns', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-loops-'));
    stack = await startStack(folder, { workers: 1 });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function steps(run: string): Promise<readonly StepView[]> {
    const { body } = await ada.ask('GET', `/api/runs/${run}/steps`);
    return body['items'] as StepView[];
  }

  async function replaceWorkers(): Promise<void> {
    for (const pid of stack.workerPids()) await stack.killWorker('SIGKILL', pid);
    await stack.startWorker();
  }

  it('survives the death of its worker, in a turn and in the delay, and makes no turn twice that was over', async () => {
    const file = join(folder, 'turns');
    writeFileSync(file, '');
    const turns = (): readonly string[] => readFileSync(file, 'utf8').trim().split('\n');
    const run = await ada.submit(poll(file));
    while (turns()[0] !== 'turn 0 after 0') await pause(20);
    await replaceWorkers();
    while ((await steps(run)).find(({ id }) => id === 'poll')?.status !== 'waiting') await pause(50);
    const waiting = await ada.ask('GET', `/api/runs/${run}`);
    expect(waiting.body['waits'] ?? []).toMatchObject([{ kind: 'delay', id: 'poll' }]);
    await replaceWorkers();
    const summary = await ada.until(run, ['succeeded', 'failed'], 60);
    expect(summary['status']).toBe('succeeded');
    const made = await steps(run);
    expect(made.find(({ id }) => id === 'after')?.outputs).toEqual({ n: LAST, turns: LAST });
    expect(made.find(({ id }) => id === 'poll')).toMatchObject({ status: 'succeeded', outputs: { n: LAST } });
    // The turn in which its worker died is started again; those after it once each.
    const after = turns().filter((line) => line !== 'turn 0 after 0');
    expect(after).toEqual(['turn 1 after 1', 'turn 2 after 2']);
    expect((await ada.sealed(run)).length).toBeGreaterThan(1_000);
  }, 150_000);
});
