import type { NumberedChunk } from '@taskrunner/core/ports';
import { EVENT_STREAM, NDJSON } from './log-format';
import { framesOf, selected } from './log-frames';
import { isWithin, linesOf, type LogLine } from './log-lines';

const chunk: NumberedChunk = {
  firstLine: 10,
  lines: 3,
  step: 'map[1]::scan',
  attempt: 2,
  execution: 1,
  chunk: 0,
  at: Date.UTC(2026, 0, 1),
  data: new TextEncoder().encode('ione\nwtwo\r\u2028\nethree: {"a"}\n'),
};
const line = (overrides: Partial<LogLine>): LogLine => ({
  number: 1,
  at: 0,
  level: 'info',
  step: 'a',
  attempt: null,
  execution: 3,
  text: '',
  ...overrides,
});

describe('a log', () => {
  it('is cut into numbered lines, after the number that a reader has', () => {
    expect(linesOf(chunk, 10).map(({ number, level, text }) => [number, level, text])).toEqual([
      [11, 'warn', 'two\r\u2028'],
      [12, 'error', 'three: {"a"}'],
    ]);
    expect(linesOf(chunk, 12)).toEqual([]);
  });

  it('keeps empty lines and never counts more than the chunk has', () => {
    const data = new TextEncoder().encode('i\ni\n');
    expect(linesOf({ ...chunk, lines: 2, data }, 0).map(({ number, text }) => [number, text])).toEqual([
      [10, ''],
      [11, ''],
    ]);
  });

  it('is framed so that no line can end its event', () => {
    const text = 'a\rb\u2028c';
    const frame = EVENT_STREAM.line('run_1', line({ number: 7, text }));
    expect(frame.split('\n')).toHaveLength(4);
    expect(frame.startsWith('id: 7\ndata: {')).toBe(true);
    expect(frame).not.toContain('\r');
    expect(JSON.parse(frame.split('\n')[1]?.slice(6) ?? '')).toEqual({
      runId: 'run_1',
      sequence: 7,
      timestamp: '1970-01-01T00:00:00.000Z',
      level: 'info',
      eventType: 'step.log',
      message: text,
      stepId: 'a',
      execution: 3,
    });
  });

  it('ends with the published name of the end', () => {
    expect(EVENT_STREAM.finished('run_1', 'failed', 9, 0)).toBe(
      'id: 9\ndata: {"runId":"run_1","sequence":9,"timestamp":"1970-01-01T00:00:00.000Z","eventType":"run.finished","status":"failed"}\n\n',
    );
    expect(NDJSON.finished('run_1', 'failed', 9, 0)).toBe(
      '{"runId":"run_1","sequence":9,"timestamp":"1970-01-01T00:00:00.000Z","eventType":"run.finished","status":"failed"}\n',
    );
    expect(EVENT_STREAM.heartbeat(3, 9)).toBe(': at 3 head 9\n\n');
  });

  it.each([
    ['map', true],
    ['map[1]', true],
    ['map[1]::scan', true],
    ['map[1', false],
    ['ma', false],
    ['map[10]', false],
  ])('of step %s has a line below it: %s', (step, wanted) => {
    expect(isWithin('map[1]::scan', step)).toBe(wanted);
  });

  it('is filtered by least level, from any line on', () => {
    const texts = ['tä', 'da', 'iö', 'w€', 'e🙂', 'ix'];
    const data = new TextEncoder().encode(`${texts.join('\n')}\n`);
    const frames = framesOf('run_1', { ...chunk, firstLine: 1, lines: 6, data }, NDJSON);
    const numbers = (skip: number, level: LogLine['level'] | null): number[] =>
      selected(frames, skip, level)
        .toString()
        .split('\n')
        .slice(0, -1)
        .map((frame) => (JSON.parse(frame) as { sequence: number }).sequence);
    expect(numbers(0, null)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(numbers(4, null)).toEqual([5, 6]);
    expect(numbers(6, null)).toEqual([]);
    expect(numbers(0, 'warn')).toEqual([4, 5]);
    expect(numbers(4, 'info')).toEqual([5, 6]);
    expect(numbers(0, 'trace')).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
