import type { LogEvent } from '../server/run-views';
import { LogPrinter } from './log-printer';
import type { Terminal } from './terminal';

const AT = '2026-01-01T10:20:30.456Z';
const line = (message: string): LogEvent => ({
  runId: 'r',
  sequence: 1,
  eventType: 'step.log',
  timestamp: AT,
  stepId: 'scan',
  message,
});
const END: LogEvent = { runId: 'r', sequence: 2, eventType: 'run.finished', status: 'succeeded' };

function printed(output: string, events: readonly LogEvent[], { isInteractive = false, times = true } = {}) {
  const lines: string[] = [];
  const terminal = { print: (text: string) => void lines.push(text), isInteractive } as unknown as Terminal;
  const printer = new LogPrinter(terminal, output, times);
  for (const event of events) printer.print(event);
  printer.close();
  return lines;
}

describe('a printed log', () => {
  it('has the instant and the step before each line off a terminal', () => {
    expect(printed('table', [line('a'), line('b'), END])).toEqual([`${AT} scan | a`, `${AT} scan | b`]);
    expect(printed('table', [line('a')], { times: false })).toEqual(['scan | a']);
  });

  it('has the local time of day on a terminal', () => {
    expect(printed('table', [line('a')], { isInteractive: true })).toEqual([
      expect.stringMatching(/^\d\d:\d\d:30 scan \| a$/),
    ]);
  });

  it('is one JSON value, or one on each line', () => {
    const events = [line('a'), line('b'), END];
    const values = printed('ndjson', events).map((text) => JSON.parse(text) as object);
    expect(values).toMatchObject([{ type: 'step.log', message: 'a' }, { message: 'b' }, { type: 'run.finished' }]);
    expect(JSON.parse(printed('json', events).join('\n'))).toEqual({ items: values });
    expect(JSON.parse(printed('json', []).join('\n'))).toEqual({ items: [] });
  });
});
