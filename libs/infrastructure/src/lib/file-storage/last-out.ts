/**
 * Closes something after its last user. NestJS closes modules by their distance from the root module, and a module that several others import
 * can have the distance of one of them, so its place in that order is not certain.
 */
export class LastOut {
  private users = 0;
  private isDue = false;
  private closed: Promise<void> | null = null;

  constructor(private readonly closeNow: () => Promise<void>) {}

  /** Adds a user. The result removes it, once, and resolves after the closing if it was the last one. */
  enter(): () => Promise<void> {
    this.users += 1;
    let left: Promise<void> | null = null;
    const leave = (): Promise<void> => {
      this.users -= 1;
      return this.closeIfLast();
    };
    return () => (left ??= leave());
  }

  /** Closes now, or after the last user. */
  close(): Promise<void> {
    this.isDue = true;
    return this.closeIfLast();
  }

  private async closeIfLast(): Promise<void> {
    if (this.isDue && this.users === 0) await (this.closed ??= this.closeNow());
  }
}
