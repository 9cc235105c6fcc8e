import { lineAs } from './hints/called-as';
import type { RunFailure } from '../server/run-failure';
import type { LogEvent, RunView, StepView, WaitView } from '../server/run-views';
import { logLine } from './plain-display';
import type { RunDisplay } from './run-display';
import { endHelp, endLines, waitLines } from './run-lines';
import { safeLine, wrapped } from './safe-text';
import { treeLines } from './step-tree';
import type { Terminal } from './terminal';

const REDRAW_MS = 100;

/** The log scrolls; the tree of the steps below it is redrawn as it changes. For a person at a terminal. */
export class TreeDisplay implements RunDisplay {
  readonly wantsSteps = true;
  readonly wantsFailure = true;
  private drawn = 0;
  private pending: string[] = [];
  private known: { readonly steps: readonly StepView[]; readonly order: readonly string[] } = { steps: [], order: [] };
  private timer: NodeJS.Timeout | null = null;
  private isFinished = false;
  private isHeld = false;
  private readonly ticker: NodeJS.Timeout;

  constructor(private readonly terminal: Terminal) {
    this.ticker = setInterval(() => this.redraw(), 1_000).unref();
  }

  accepted({ runId, planHash, pack }: RunView): void {
    this.above(safeLine(`run ${runId} of ${pack.name} ${pack.version}`), `plan ${planHash}`);
  }

  line(event: LogEvent): void {
    this.above(logLine(event));
  }

  waits(run: RunView, wait: WaitView): void {
    this.above(...this.hinted(waitLines(run, wait)));
  }

  notice(line: string): void {
    this.above(...this.hinted([line]));
  }

  steps(steps: readonly StepView[], order: readonly string[]): void {
    this.known = { steps, order };
    this.redrawSoon();
  }

  /** Leaves what is drawn, and draws no tree until it is released: a question stands there. New lines go above the question. */
  hold(): () => void {
    this.redraw();
    this.drawn = 0;
    this.isHeld = true;
    return () => {
      this.isHeld = false;
      // The last tree and how the run ended are on the screen.
      if (!this.isFinished) this.redraw();
    };
  }

  finished(run: RunView, failure: RunFailure | null = null): void {
    this.isFinished = true;
    this.isHeld = false;
    this.redraw();
    // The last tree is left on the screen.
    this.drawn = 0;
    for (const line of this.hinted([...endLines(run, failure), ...endHelp(run, failure)])) this.terminal.say(line);
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    clearInterval(this.ticker);
    if (this.pending.length > 0) this.redraw();
    this.drawn = 0;
  }

  /** Reasons of policies may contain anything. A wrapped line at the margin could pass for one of ours. */
  private broken(line: string): readonly string[] {
    return wrapped(line, this.terminal.columns);
  }

  /** Hints name the program before they are broken: their further lines do not begin as hints. */
  private hinted(lines: readonly string[]): readonly string[] {
    const { calledAs = 'taskrunner' } = this.terminal;
    return lines.flatMap((line) => this.broken(lineAs(line, calledAs)));
  }

  private above(...lines: readonly string[]): void {
    this.pending.push(...lines);
    this.redrawSoon();
  }

  private redrawSoon(): void {
    this.timer ??= setTimeout(() => this.redraw(), REDRAW_MS);
  }

  private flush(): void {
    if (this.pending.length > 0) this.terminal.draw(this.pending.map((line) => `${line}\n`).join(''));
    this.pending = [];
  }

  private redraw(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.isHeld) return this.flush();
    const { columns, rows } = this.terminal;
    const tree = treeLines(this.known.steps, {
      order: this.known.order,
      columns,
      rows: Math.max(3, Math.floor(rows / 2)),
      now: Date.now(),
      withComing: !this.isFinished,
    });
    // CSI n A: up; CSI J: erase below (ECMA-48).
    const up = this.drawn > 0 ? `\u001b[${this.drawn}A\r\u001b[J` : '';
    const lines = [...this.pending, ...tree];
    this.terminal.draw(up + lines.map((line) => `${line}\n`).join(''));
    this.pending = [];
    this.drawn = tree.length;
  }
}
