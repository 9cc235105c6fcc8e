import type { LogEvent, RunView, StepView, WaitView } from '../server/run-views';
import type { RunFailure } from '../server/run-failure';
import { waitLine } from '../terminal/run-lines';
import type { RunDisplay } from '../terminal/run-display';

/** True if people decide about what a run waits for. */
export function isGate({ kind }: Pick<WaitView, 'kind'>): boolean {
  return kind === 'approval' || kind === 'policy';
}

/** Events that are kept while a question is asked. After so many they are shown, and the question is shown again below them. */
const MOST_KEPT = 10_000;
/** A person is asked after this time at the latest, however slowly the earlier log comes, milliseconds. */
const CATCH_UP_MS = 5_000;

/** A display of a run without a server: nobody else can decide, so a gate is asked here, or says how to go on. */
export class LocalDisplay implements RunDisplay {
  readonly wantsSteps: boolean;
  readonly wantsFailure: boolean;
  /** What is shown after the question; null: no question is asked. */
  private kept: (() => void)[] | null = null;
  private onFull: () => void = () => undefined;
  private lastLine = 0;
  private readonly onLine = new Set<() => void>();

  /** `isForPrograms`: the display prints events, which are the same as with a server. */
  constructor(
    private readonly inner: RunDisplay,
    private readonly isForPrograms: boolean,
    private readonly onWait: (wait: WaitView) => void,
  ) {
    this.wantsSteps = inner.wantsSteps;
    this.wantsFailure = inner.wantsFailure;
  }

  accepted(run: RunView): void {
    this.inner.accepted(run);
  }

  line(event: LogEvent): void {
    this.show(() => this.inner.line(event));
    this.lastLine = Math.max(this.lastLine, event.sequence);
    for (const listener of this.onLine) listener();
  }

  waits(run: RunView, wait: WaitView): void {
    // What people are told of a wait names commands of a server.
    if (this.isForPrograms || wait.kind === 'attention') this.show(() => this.inner.waits(run, wait));
    else if (isGate(wait)) this.show(() => this.inner.notice(waitLine(wait)));
    this.onWait(wait);
  }

  notice(line: string): void {
    this.show(() => this.inner.notice(line));
  }

  steps(steps: readonly StepView[], order: readonly string[]): void {
    this.inner.steps(steps, order);
  }

  hold(): () => void {
    return this.inner.hold?.() ?? (() => undefined);
  }

  /**
   * Keeps back what comes while a question is asked, until the returned function is called: it would stand between what the question is about and
   * the question. `onFull`: called when so much was kept that it has been shown.
   */
  keepBack(onFull: () => void): () => void {
    const release = this.hold();
    this.kept = [];
    this.onFull = onFull;
    return () => {
      this.showKept();
      this.kept = null;
      release();
    };
  }

  /** Resolves when the line with this number has come, or `over` is aborted. The log of a run that goes on begins with its first line. */
  async caughtUp(lastLine: number, over: AbortSignal): Promise<void> {
    if (this.lastLine >= lastLine || over.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.onLine.delete(look);
        over.removeEventListener('abort', end);
        resolve();
      };
      const look = (): void => {
        if (this.lastLine >= lastLine) end();
      };
      const timer = setTimeout(end, CATCH_UP_MS);
      this.onLine.add(look);
      over.addEventListener('abort', end);
    });
  }

  finished(run: RunView, failure: RunFailure | null = null): void {
    this.showKept();
    this.inner.finished(run, failure);
  }

  close(): void {
    this.showKept();
    this.inner.close();
  }

  private show(event: () => void): void {
    if (this.kept === null) return event();
    this.kept.push(event);
    if (this.kept.length < MOST_KEPT) return;
    this.showKept();
    this.onFull();
  }

  private showKept(): void {
    const kept = this.kept ?? [];
    if (this.kept !== null) this.kept = [];
    for (const event of kept) event();
  }
}
