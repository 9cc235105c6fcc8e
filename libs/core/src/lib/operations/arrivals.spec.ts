import type { StepId } from '../foundation/ids';
import { Arrivals } from './arrivals';
import type { Arrival, Draught } from './turn';

const given = (type: string, letter?: number): Arrival =>
  ({ kind: 'given', body: { type }, ...(letter === undefined ? {} : { letter }) }) as unknown as Arrival;
const report = (letter: number): Arrival => ({ kind: 'parts', parts: [], letter });

/** What a turn takes: only what `Arrivals` looks at is there. */
function taking(entriesEach = 1) {
  const taken: Arrival[] = [];
  const entries: number[] = [];
  const draught = { taken, entries, seen: 0, ended: false, closes: false, state: { phase: 'running' }, offers: [] };
  const give = (): void => void entries.push(...Array.from({ length: entriesEach }, () => 0));
  return { taken, draught: Object.assign(draught, { give }) as unknown as Draught };
}

const told = (taken: readonly Arrival[]): string[] =>
  taken.map((one) => `${one.kind === 'given' ? one.body.type : one.kind} ${one.letter ?? 'here'}`);

describe('what has come to a driver', () => {
  it('is taken so that nothing overtakes what people have said', () => {
    const arrivals = new Arrivals();
    arrivals.push(given('run.claimed'), given('run.failed'), given('attempt.stopped'));
    arrivals.letters([
      given('gate.decided', 1),
      given('run.failed', 2),
      report(3),
      given('attention.resolved', 4),
      given('run.cancel-requested', 5),
      given('gate.decided', 6),
    ]);
    const { taken, draught } = taking();
    expect(arrivals.takeInto(draught)).toBe(true);
    expect(told(taken)).toEqual([
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
    expect(draught.seen).toBe(6);
    expect(arrivals.takeInto(draught)).toBe(false);
  });

  it('is taken up to 256 entries, but what people have said whole; what waits holds back the place of what came after it', () => {
    const arrivals = new Arrivals();
    arrivals.letters([report(1), ...Array.from({ length: 100 }, (_, i) => given('gate.decided', i + 2))]);
    const { taken, draught } = taking(3);
    arrivals.takeInto(draught);
    expect(taken).toHaveLength(100);
    expect(draught.seen).toBe(0);
    Object.assign(draught, { closes: true });
    expect(arrivals.takeInto(draught)).toBe(true);
    expect(draught.seen).toBe(101);
  });

  it('is not taken of an execution that is over, where several parts came as one', () => {
    const arrivals = new Arrivals();
    const step = 'a' as StepId;
    const cut = { kind: 'fact', fact: { type: 'log.cut', step, execution: 1 } } as const;
    arrivals.letters([{ kind: 'parts', parts: [cut], letter: 1 }]);
    const { draught } = taking();
    const recorded: unknown[] = [];
    Object.assign(draught, {
      record: (fact: unknown) => recorded.push(fact),
      state: { phase: 'running', steps: new Map() },
    });
    arrivals.takeInto(draught);
    expect(recorded).toEqual([]);
    expect(draught.seen).toBe(1);
  });
});
