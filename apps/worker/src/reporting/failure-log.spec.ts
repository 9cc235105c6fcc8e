import { FailureLog } from './failure-log';

it('work that fails again and again is said once for each reason, and once when it works', () => {
  const said: unknown[] = [];
  let now = 0;
  const log = { say: (...line: readonly unknown[]) => void said.push(line) };
  const failures = new FailureLog(log, { failed: 'export.failed', works: 'export.works-again' }, () => now);
  failures.works();
  for (const reason of ['no answer', 'no answer', 'refused', 'no answer']) {
    failures.failed(reason, { destination: 'd', reason });
    now += 1_000;
  }
  failures.works({ destination: 'd' });
  failures.works({ destination: 'd' });
  failures.failed('no answer', { reason: 'no answer' });
  expect(said).toEqual([
    ['warn', 'export.failed', { destination: 'd', reason: 'no answer' }],
    ['warn', 'export.failed', { destination: 'd', reason: 'refused' }],
    ['info', 'export.works-again', { destination: 'd', failedForMs: 4_000 }],
    ['warn', 'export.failed', { reason: 'no answer' }],
  ]);
});

it('an outage whose reasons differ each time ends to be logged', () => {
  const said: unknown[] = [];
  const failures = new FailureLog(
    { say: (...line: readonly unknown[]) => void said.push(line) },
    { failed: 'failed', works: 'works' },
  );
  for (let at = 0; at < 1_000; at++) failures.failed(`at ${at}`, {});
  expect(said).toHaveLength(20);
  failures.works();
  expect(said).toHaveLength(21);
});
