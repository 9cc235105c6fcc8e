import type { StepId } from '../../foundation/ids';
import { InputQueue } from './input-queue';
import type { Arrival, TurnBuilder } from './turn-builder';

const input = (type: string, inboxPosition?: number): Arrival =>
  ({ kind: 'given', body: { type }, ...(inboxPosition === undefined ? {} : { inboxPosition }) }) as unknown as Arrival;
const report = (inboxPosition: number): Arrival => ({ kind: 'parts', parts: [], inboxPosition });

/** Input of a turn, with only those members that `InputQueue` reads. */
function taking(entriesEach = 1) {
  const taken: Arrival[] = [];
  const entries: number[] = [];
  const turn = { taken, entries, seen: 0, ended: false, closes: false, state: { phase: 'running' }, assignments: [] };
  const give = (): void => void entries.push(...Array.from({ length: entriesEach }, () => 0));
  return { taken, turn: Object.assign(turn, { give }) as unknown as TurnBuilder };
}

const reported = (taken: readonly Arrival[]): string[] =>
  taken.map((one) => `${one.kind === 'given' ? one.body.type : one.kind} ${one.inboxPosition ?? 'here'}`);

describe('what has come to a driver', () => {
  it('is taken so that nothing overtakes what people have said', () => {
    const queue = new InputQueue();
    queue.push(input('run.claimed'), input('run.failed'), input('attempt.stopped'));
    queue.pushMessages([
      input('gate.decided', 1),
      input('run.failed', 2),
      report(3),
      input('attention.resolved', 4),
      input('run.cancel-requested', 5),
      input('gate.decided', 6),
    ]);
    const { taken, turn } = taking();
    expect(queue.takeInto(turn)).toBe(true);
    expect(reported(taken)).toEqual([
      'run.claimed here',
      'gate.decided 1',
      'run.cancel-requested 5',
      'gate.decided 6',
      'run.failed 2',
      'parts 3',
      'attention.resolved 4',
      'run.failed here',
      'attempt.stopped here',
    ]);
    expect(turn.seen).toBe(6);
    expect(queue.takeInto(turn)).toBe(false);
  });

  it('is taken up to 256 entries, but what people have said whole; what waits holds back the place of what came after it', () => {
    const queue = new InputQueue();
    queue.pushMessages([report(1), ...Array.from({ length: 100 }, (_, i) => input('gate.decided', i + 2))]);
    const { taken, turn } = taking(3);
    queue.takeInto(turn);
    expect(taken).toHaveLength(100);
    expect(turn.seen).toBe(0);
    Object.assign(turn, { closes: true });
    expect(queue.takeInto(turn)).toBe(true);
    expect(turn.seen).toBe(101);
  });

  it('is not taken of an execution that is over, where several parts came as one', () => {
    const queue = new InputQueue();
    const step = 'a' as StepId;
    const cut = { kind: 'fact', fact: { type: 'log.cut', step, execution: 1 } } as const;
    queue.pushMessages([{ kind: 'parts', parts: [cut], inboxPosition: 1 }]);
    const { turn } = taking();
    const recorded: unknown[] = [];
    Object.assign(turn, {
      record: (fact: unknown) => recorded.push(fact),
      state: { phase: 'running', steps: new Map() },
    });
    queue.takeInto(turn);
    expect(recorded).toEqual([]);
    expect(turn.seen).toBe(1);
  });

  it('waits, if it needs no turn of its own, for other input, which it precedes, or until it is released', () => {
    const queue = new InputQueue();
    queue.hold(input('tool'));
    expect([queue.count, queue.heldCount]).toEqual([0, 1]);
    expect(queue.takeInto(taking().turn)).toBe(false);
    queue.push(input('attempt.succeeded'));
    queue.hold(input('tool of another'));
    const { taken, turn } = taking();
    queue.takeInto(turn);
    expect(reported(taken)).toEqual(['tool here', 'attempt.succeeded here', 'tool of another here']);
    queue.hold(input('last'));
    queue.release();
    expect([queue.count, queue.heldCount]).toEqual([1, 0]);
  });
});
