import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atNight } from '../stack/at-night';
import { Caller, pack, ROOT, DevStack } from '../stack/stack';

// The log of a run: its limits through the public API, and smaller versions of the trials in tools/logs.

const KIB = 1024;

const script = (source: string) =>
  pack(
    `- { id: talk, retries: { maxAttempts: 1 }, run: { uses: "builtin:script", with: { interpreter: [bash], source: ${JSON.stringify(source)} } } }`,
  );

/** Output of a trial: one object per line. */
async function trial(name: string, ...args: string[]): Promise<readonly Record<string, unknown>[]> {
  // A failed trial has printed the reason. Its output is evaluated.
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'tools/logs', name), ...args]).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log of a step', () => {
  let ada: Caller;

  beforeAll(async () => {
    const stack = await DevStack.shared('several');
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 180_000);

  /** The lines of a run, and the signed statement about them. */
  async function read(run: string) {
    const { lines } = await ada.lines(run);
    const numbered = lines.filter(({ data }) => data['eventType'] === 'step.log');
    expect(numbered.map(({ id }) => id)).toEqual(numbered.map((_, index) => index + 1));
    const messages = numbered.map(({ data }) => data['message'] as string);
    await ada.sealed(run);
    const { body } = await ada.ask('GET', `/api/runs/${run}/attestations`);
    const statements = body['statements'] as unknown as { 'pack-run': { dsseEnvelope: { payload: string } } };
    const statement = Buffer.from(statements['pack-run'].dsseEnvelope.payload, 'base64').toString();
    const log = JSON.parse(/"log":(\{[^{}]*\})/.exec(statement)?.[1] ?? '{}') as Record<
      'lines' | 'bytes' | 'dropped',
      number
    >;
    return { messages, log };
  }

  it('keeps as much as configured, and says what it dropped', async () => {
    const second = `for i in $(seq 1000); do echo ${'x'.repeat(98)}; done`;
    const run = await ada.submit(script(`${second}; sleep 1.5; ${second}; sleep 1.5; ${second}; sleep 1.5; ${second}`));
    await ada.until(run, ['succeeded'], 120);
    const { messages, log } = await read(run);
    const kept = messages.filter((message) => message === 'x'.repeat(98));
    expect(kept.length).toBe(Math.floor((256 * KIB) / 100));
    expect(messages).toContain('[the log of this step is full (262144 bytes): further lines are counted and dropped]');
    expect(messages.at(-1)).toBe(
      `[${4_000 - kept.length} lines, ${(4_000 - kept.length) * 99} bytes of this step dropped: its log is full]`,
    );
    expect(log).toMatchObject({ lines: messages.length, dropped: 4_000 - kept.length });
    expect(log.bytes).toBeLessThan(257 * KIB);
  }, 180_000);

  it('keeps as much a second as configured', async () => {
    const run = await ada.submit(script(`yes ${'x'.repeat(98)} | head -n 5000; sleep 2; echo after`));
    await ada.until(run, ['succeeded'], 120);
    const { messages, log } = await read(run);
    const kept = messages.filter((message) => message === 'x'.repeat(98)).length;
    expect(kept).toBeGreaterThanOrEqual(Math.floor((128 * KIB) / 100));
    expect(log.dropped).toBe(5_000 - kept);
    expect(log.dropped).toBeGreaterThan(0);
    expect(messages.at(-1)).toBe('after');
    // The number of gaps depends on the speed of this machine. Each is marked at its position.
    const gap = /^\[([0-9]+) lines, [0-9]+ bytes of this step dropped: more than 131072 bytes a second\]$/;
    const said = messages.map((message) => Number(gap.exec(message)?.[1] ?? 0));
    expect(said.reduce((sum, lines) => sum + lines)).toBe(log.dropped);
  }, 180_000);
});

atNight(
  'reaches many subscribers, each line once and in order, and cuts off a reader that takes nothing for as long as configured',
  async () => {
    const args = [
      '--lines',
      '40000',
      '--readers',
      '20',
      '--leave',
      '0.005',
      '--stalled',
      '1',
      '--stall',
      '2s',
      '--fast',
    ];
    const [reported] = await trial('fan-out.mjs', ...args);
    expect(reported).toMatchObject({ complete: 20, gaps: 0, wrong: 0, lastLine: 40_000 });
    expect(reported?.['reconnects']).toBeGreaterThan(0);
    expect(reported?.['cutOffAfter']).toHaveLength(1);
  },
  400_000,
);

atNight(
  'a storm takes neither the memory of the worker nor a line that it may keep, whatever is printed',
  async () => {
    const [, ...storms] = await trial('storm.mjs', '--scale', '0.02', '--fast');
    expect(storms.map(({ storm, faults }) => [storm, faults])).toEqual(
      ['lines', 'one line', 'nul', 'ansi', 'binary', 'empty'].map((storm) => [storm, []]),
    );
  },
  400_000,
);
