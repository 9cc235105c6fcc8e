import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { RunReader, RunSummary } from '@taskrunner/core/ports';
import { RunTails, type Tail } from './run-tails';
import { waitForRun, type WaitFor } from './wait-for-run';

const tenant = 'acme' as TenantId;
const runId = 'a' as RunId;

/** A reader of one run that counts how often the whole run is read. */
function world(begin: Tail) {
  let tail: Tail | null = begin;
  const asked = { summaries: 0, tails: 0 };
  const reader = {
    tail: async () => {
      asked.tails += 1;
      return tail ? [{ tenant, runId, lastSeq: 1, ...tail }] : [];
    },
    summary: async () => {
      asked.summaries += 1;
      return tail && ({ ...tail, waits: [] } as unknown as RunSummary);
    },
  } as unknown as RunReader;
  const set = (next: Tail | null): void => {
    tail = next;
  };
  const aborting = new AbortController();
  const wait = (what: WaitFor, known: number, timeoutMs = 30_000) =>
    waitForRun(reader, new RunTails(reader), { tenant, runId, what, known, timeoutMs, signal: aborting.signal });
  return { set, asked, aborting, wait };
}

const running: Tail = { status: 'running', lastLine: 1, version: 1 };
const pause = (ms: number) => new Promise((go) => setTimeout(go, ms));

describe('waitForRun', () => {
  it('answers at once if the run is as the caller waits for, and null if there is none', async () => {
    const { wait, set, asked } = world(running);
    expect(await wait('change', 0)).toMatchObject({ version: 1 });
    expect(asked.summaries).toBe(1);
    set(null);
    expect(await wait('end', 0)).toBeNull();
  });

  it('answers when the run has changed, and reads it only then', async () => {
    const { wait, set, asked } = world(running);
    const answer = wait('change', 1);
    await pause(150);
    set({ ...running, lastLine: 9 });
    await pause(250);
    expect(asked.summaries).toBe(1);
    set({ ...running, version: 2 });
    expect(await answer).toMatchObject({ version: 2 });
    expect(asked.summaries).toBe(2);
  });

  it('goes on waiting for the end over other changes', async () => {
    const { wait, set } = world(running);
    const answer = wait('end', 0);
    set({ ...running, version: 2 });
    await pause(250);
    set({ ...running, status: 'failed', version: 3 });
    expect(await answer).toMatchObject({ status: 'failed', version: 3 });
  });

  it('answers with the run as it is when the time is over, and when the caller goes', async () => {
    const { wait, aborting, asked } = world(running);
    expect(await wait('end', 0, 50)).toMatchObject({ status: 'running' });
    const answer = wait('end', 0);
    await pause(50);
    aborting.abort();
    expect(await answer).toMatchObject({ status: 'running' });
    // Nobody watches any more.
    const { tails } = asked;
    await pause(300);
    expect(asked.tails).toBeLessThanOrEqual(tails + 1);
  });
});
