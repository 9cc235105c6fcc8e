/** Resolves after `ms` milliseconds, or when aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** The pause of a loop that has nothing to do. One who pauses at a time. */
export class IdlePause {
  private end: () => void = () => undefined;

  /** Ends the pause that is under way, if there is one. */
  wake(): void {
    this.end();
  }

  /** Resolves after `ms` milliseconds, or when woken. */
  of(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The pause of a loop that only learns by asking whether there is something to do. A wake that comes while it asks ends its next pause at once. */
export class AskingPause {
  private readonly idle = new IdlePause();
  private isWoken = false;

  wake(): void {
    this.isWoken = true;
    this.idle.wake();
  }

  /** Resolves after `ms` milliseconds, or when woken. */
  async of(ms: number): Promise<void> {
    if (!this.isWoken) await this.idle.of(ms);
    this.isWoken = false;
  }
}
