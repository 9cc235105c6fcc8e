/** Reactions to Ctrl-C. */
interface InterruptHandlers {
  readonly onFirst: () => void;
  /** Called if no second one follows. */
  readonly onDetach: () => void;
  readonly onSecond: () => void;
  readonly onThird: () => void;
}

const PATIENCE_MS = 2_000;

/** Counts SIGINT: a single one has another meaning than two. */
export class Interrupts {
  private count = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly handlers: InterruptHandlers) {
    process.on('SIGINT', this.interrupted);
  }

  close(): void {
    process.off('SIGINT', this.interrupted);
    if (this.timer) clearTimeout(this.timer);
  }

  /** The next one counts as the first. */
  reset(): void {
    this.count = 0;
    if (this.timer) clearTimeout(this.timer);
  }

  private readonly interrupted = (): void => {
    this.count += 1;
    if (this.timer) clearTimeout(this.timer);
    if (this.count === 1) {
      this.handlers.onFirst();
      this.timer = setTimeout(this.handlers.onDetach, PATIENCE_MS);
    } else if (this.count === 2) this.handlers.onSecond();
    else this.handlers.onThird();
  };
}
