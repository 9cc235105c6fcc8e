import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isNight } from './stack/at-night';
import { Caller, pack, pause, DevStack } from './stack/stack';

const LAST = 3;

/** A polling loop. Each iteration prints its number, so that a repetition is visible. */
const POLL = pack(`- id: poll
  loop:
    until: "{{ steps.look.outputs.n == ${LAST} }}"
    delay: 2s
    maxIterations: 20
    aggregation: last
    body:
      - id: look
        run:
          uses: builtin:script
          with:
            interpreter: [sh]
            args: ["{{ index }}", "{{ previous.n || 0 }}"]
            source: 'echo "turn $1 after $2"; sleep 2; echo "{\\"n\\": $(($2 + 1))}" > $TASKRUNNER_OUTPUTS'
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
    stack = await DevStack.shared('plain');
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function steps(run: string): Promise<readonly StepView[]> {
    const { body } = await ada.ask('GET', `/api/runs/${run}/steps`);
    return body['items'] as unknown as readonly StepView[];
  }

  async function replaceWorkers(): Promise<void> {
    for (const pid of await stack.workerPids()) await stack.killWorker('SIGKILL', pid);
    await stack.startWorker();
  }

  it('survives the death of its worker in the delay, at night also in a turn, and makes no turn twice that was over', async () => {
    const run = await ada.submit(POLL);
    // The first iteration has printed its line, so the run is active, however long its sandbox takes to start.
    await ada.lines(run, { stopAfter: 1 });
    // In every change `crash` kills a worker in a step.
    if (isNight) await replaceWorkers();
    while ((await steps(run)).find(({ id }) => id === 'poll')?.status !== 'waiting') await pause(200);
    const waiting = await ada.ask('GET', `/api/runs/${run}`);
    expect(waiting.body['waits'] ?? []).toMatchObject([{ kind: 'delay', id: 'poll' }]);
    await replaceWorkers();
    const summary = await ada.until(run, ['succeeded', 'failed'], 60);
    expect(summary['status']).toBe('succeeded');
    const made = await steps(run);
    expect(made.find(({ id }) => id === 'after')?.outputs).toEqual({ n: LAST, turns: LAST });
    expect(made.find(({ id }) => id === 'poll')).toMatchObject({ status: 'succeeded', outputs: { n: LAST } });
    // An iteration during which the worker died is repeated. Each other one runs once.
    const { lines } = await ada.lines(run, { after: 0 });
    const turns = lines
      .map(({ data }) => (data['message'] as string | undefined) ?? '')
      .filter((message) => message.startsWith('turn'));
    expect(turns.filter((turn) => !turn.startsWith('turn 0'))).toEqual(['turn 1 after 1', 'turn 2 after 2']);
    expect(turns.filter((turn) => turn === 'turn 0 after 0')).toHaveLength(isNight ? 2 : 1);
    expect((await ada.sealed(run)).length).toBeGreaterThan(1_000);
  }, 150_000);
});
