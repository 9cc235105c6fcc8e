import type { StepView } from '../server/run-views';
import { treeLines, type TreeFrame } from './step-tree';

const START = Date.UTC(2026, 0, 1);
const frame = (more: Partial<TreeFrame> = {}): TreeFrame => ({
  order: ['scan', 'rollout', 'rollout::apply', 'report'],
  columns: 80,
  rows: 20,
  now: START + 90_000,
  ...more,
});
const step = (id: string, status: StepView['status'], more: Partial<StepView> = {}): StepView => ({
  id,
  parent: '',
  kind: 'run',
  label: null,
  status,
  reason: null,
  attempts: 1,
  startedAt: null,
  finishedAt: null,
  ...more,
});

describe('the tree of steps', () => {
  it('stands in plan order, items by number, nested', () => {
    const steps = [
      step('report', 'pending'),
      step('rollout', 'running', { startedAt: new Date(START).toISOString() }),
      step('rollout[10]', 'running', { parent: 'rollout', label: 'eu' }),
      step('rollout[2]', 'failed', { parent: 'rollout', reason: 'STEP_FAILED', attempts: 3 }),
      step('rollout[10]::apply', 'running', { parent: 'rollout[10]' }),
      step('scan', 'succeeded'),
    ];
    expect(treeLines(steps, frame())).toEqual([
      '✓ scan',
      '▶ rollout  (1m30s)',
      '  ✗ rollout[2]  (attempt 3, STEP_FAILED)',
      '  ▶ rollout[10] eu',
      '    ▶ apply',
      '· report',
    ]);
  });

  it('says what ended the run of steps that were left out because of it', () => {
    const steps = [
      step('scan', 'failed', { reason: 'GATE_REJECTED' }),
      step('report', 'skipped', { reason: 'RUN_CANCELLED' }),
    ];
    expect(treeLines(steps, frame({ runCode: 'GATE_REJECTED' }))).toEqual([
      '✗ scan  (GATE_REJECTED)',
      '- report  (RUN_CANCELLED because the run was ending (GATE_REJECTED))',
    ]);
    expect(treeLines(steps.slice(1), frame({ runCode: 'RUN_CANCELLED' }))).toEqual(['- report  (RUN_CANCELLED)']);
  });

  it('shows of many items those under way, and counts them all', () => {
    const items = Array.from({ length: 500 }, (_, i) =>
      step(`rollout[${i}]`, i === 250 ? 'running' : i < 250 ? 'succeeded' : 'pending', { parent: 'rollout' }),
    );
    expect(treeLines([step('rollout', 'running'), ...items], frame())).toEqual([
      '▶ rollout',
      '  ▶ rollout[250]',
      '  … 500 in total: 250 succeeded, 1 running, 249 pending',
    ]);
  });

  it('fits its frame, whatever labels hold', () => {
    const steps = Array.from({ length: 12 }, (_, i) =>
      step(`s${i}`, 'running', { label: `\u001b[2J${'x'.repeat(300)}` }),
    );
    const lines = treeLines(steps, frame({ columns: 40, rows: 5 }));
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe('… 8 more lines');
    expect(lines.at(-1)).toMatch(/^▶ s9 /);
    for (const line of lines) {
      expect([...line].length).toBeLessThan(40);
      expect(line).not.toContain('\u001b');
    }
  });

  it('keeps the running step and its own end in view, and counts what it omits', () => {
    const steps = Array.from({ length: 12 }, (_, i) =>
      step(`s${i}`, i < 5 ? 'succeeded' : i === 5 ? 'running' : 'pending'),
    );
    const lines = treeLines(steps, frame({ order: steps.map(({ id }) => id), rows: 6 }));
    expect(lines).toEqual(['… 4 more lines', '✓ s4', '▶ s5', '· s6', '… 4 more lines', '· s11']);
  });

  it.each([1, 2, 3])('fits %i rows', (rows) => {
    const steps = Array.from({ length: 9 }, (_, i) => step(`s${i}`, i === 4 ? 'running' : 'pending'));
    const lines = treeLines(steps, frame({ order: steps.map(({ id }) => id), rows }));
    expect(lines.length).toBeLessThanOrEqual(rows);
  });

  it('lists the steps to come in plan order', () => {
    const steps = [step('scan', 'succeeded'), step('rollout', 'running')];
    expect(treeLines(steps, frame({ withComing: true }))).toEqual(['✓ scan', '▶ rollout', '· report']);
    expect(treeLines(steps, frame())).toEqual(['✓ scan', '▶ rollout']);
  });
});
