import type { RunView, StepView } from '../server/run-views';
import { isCancelMeant } from './cancel-question';
import type { Terminal } from './terminal';
import { TreeDisplay } from './tree-display';

function terminalOf(answer: string | null, isInteractive = true, whileAsked: () => void = () => undefined) {
  const out: string[] = [];
  const terminal: Terminal = {
    print: (line) => void out.push(line),
    say: (line) => void out.push(line),
    draw: (text) => void out.push(text),
    isInteractive,
    columns: 80,
    rows: 24,
    ask: (question) => {
      out.push(question);
      whileAsked();
      return Promise.resolve(answer);
    },
  };
  return { terminal, out };
}

const NEVER = new AbortController().signal;

describe('the question of a second Ctrl-C', () => {
  it.each([
    ['y', true],
    [' YES ', true],
    ['', false],
    ['n', false],
    ['cancel', false],
    [null, false],
  ])('with the answer %j means %s', async (answer, meant) => {
    const { terminal, out } = terminalOf(answer);
    const display = new TreeDisplay(terminal);
    expect(await isCancelMeant('run_1', terminal, display, NEVER)).toBe(meant);
    expect(out.join('')).toContain('Cancel run_1?');
    display.close();
  });

  it('is not asked where nobody is', async () => {
    const { terminal, out } = terminalOf(null, false);
    expect(await isCancelMeant('run_1', terminal, { hold: undefined } as never, NEVER)).toBe(true);
    expect(out).toEqual([]);
  });

  it('has new lines above it and no tree over it, and the tree is back after the answer', async () => {
    let display: TreeDisplay | null = null;
    const { terminal, out } = terminalOf('n', true, () => {
      display?.line({ runId: 'r', sequence: 1, eventType: 'step.log', stepId: 'a', message: 'late' });
      display?.steps([{ id: 'a', status: 'running', attempts: 1, parent: '', label: null } as StepView], ['a']);
    });
    display = new TreeDisplay(terminal);
    display.accepted({ runId: 'r', planHash: 'p', pack: { name: 'n', version: '1' } } as RunView);
    const held = isCancelMeant('run_1', terminal, display, NEVER);
    await held;
    display.close();
    const asked = out.findIndex((text) => text.startsWith('Cancel'));
    expect(out[asked + 1]).toBe('not cancelled; the run is still followed');
    expect(out.slice(asked + 2).join('')).toContain('a | late\n');
    expect(out.slice(asked + 2).join('')).toContain('▶ a');
  });

  it('ends with the run: nothing is said or drawn after the end', async () => {
    const over = new AbortController();
    let display: TreeDisplay | null = null;
    const { terminal, out } = terminalOf(null, true, () => {
      over.abort();
      display?.finished({ runId: 'r', status: 'succeeded', error: null, evidence: { digest: null } } as RunView);
    });
    display = new TreeDisplay(terminal);
    expect(await isCancelMeant('run_1', terminal, display, over.signal)).toBe(false);
    display.close();
    expect(out.at(-1)).toBe('run r succeeded');
  });
});
