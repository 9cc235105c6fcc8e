import type { advance as decide } from '@taskrunner/core/run';
import { scenarioOf } from '../testing/shrink';
import { play } from '../testing/world';
import type { Invariant } from '../testing/verdict';

// Bugs of `advance`. It is not part of the harness's model, so it is replaced here, only for this file.

type Advance = typeof decide;
// `mock…`: Jest lets a factory read these before the module has been evaluated.
const mockBug: { with: (advance: Advance) => Advance } = { with: (advance) => advance };

jest.mock('../../../../libs/core/src/lib/run/advance', () => {
  const real = jest.requireActual<{ advance: Advance }>('../../../../libs/core/src/lib/run/advance');
  return { ...real, advance: (...supplied: Parameters<Advance>) => mockBug.with(real.advance)(...supplied) };
});

const planted: readonly (readonly [Invariant, string, typeof mockBug.with])[] = [
  [
    8,
    'a cancel that is accepted and forgotten',
    (advance) => (index, state, input) => {
      if (input.type !== 'run.cancel-requested' || state.phase !== 'running') return advance(index, state, input);
      return { state, events: [{ type: 'cancel.accepted', force: false }], commands: [], changed: new Map() };
    },
  ],
  [
    9,
    'a decision that looks at the clock',
    (advance) => (index, state, input) => {
      const turn = advance(index, state, input);
      if (Math.floor(Date.now() / 3_600_000) % 2 === 0) return turn;
      const events = turn.events.map((event) =>
        event.type === 'step.retrying' ? { ...event, at: event.at + 1 } : event,
      );
      return { ...turn, events };
    },
  ],
  [
    4,
    'an execution that is numbered by its attempt',
    (advance) => (index, state, input) => {
      const turn = advance(index, state, input);
      const numbered = <One extends { readonly attempt: number }>(one: One): One => ({
        ...one,
        execution: one.attempt,
      });
      const events = turn.events.map((event) => (event.type === 'step.started' ? numbered(event) : event));
      const commands = turn.commands.map((command) => (command.type === 'start' ? numbered(command) : command));
      const changed = new Map(
        [...turn.changed].map(([step, one]) => [step, one.kind === 'running' ? numbered(one) : one]),
      );
      let { steps } = turn.state;
      for (const [step, one] of changed) if (one.kind === 'running') steps = steps.with(step, one);
      return { state: { ...turn.state, steps }, events, commands, changed };
    },
  ],
];

describe('the engine, with another function that decides', () => {
  it.each(planted)(
    'is found to break invariant %i by %s',
    async (invariant, _, planting) => {
      mockBug.with = planting;
      for (let seed = 1; seed <= 1_000; seed++) {
        const { violations } = await play(scenarioOf(seed));
        if (violations.some((violation) => violation.invariant === invariant)) return;
      }
      throw new Error('not found');
    },
    600_000,
  );
});
