/** A pause that can be cut short. */
export class Idle {
  private end: () => void = () => undefined;

  /** Ends the pause under way, if there is one. */
  wake(): void {
    this.end();
  }

  /** Resolves after so many milliseconds, or when it is woken. */
  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
