/** Exceeds the duration of any statement on the server, milliseconds. */
const LOST_FOR_MS = 60_000;

/**
 * Each claim has a number, which is stored on the claimed runs. If its answer is lost, this worker owns runs that are missing from its
 * state. Later claims release them first, for a limited time, because a lost statement may still be executed.
 */
export class LostClaims {
  private last = 0;
  private readonly lost = new Map<number, number>();

  /** Makes a claim with the next number. `release` releases the runs of claims with these numbers. */
  async numbered<Claimed>(
    release: (numbers: readonly number[]) => Promise<unknown>,
    claim: (number: number) => Promise<Claimed>,
  ): Promise<Claimed> {
    await this.releaseLost(release);
    const number = ++this.last;
    try {
      return await claim(number);
    } catch (error) {
      this.lost.set(number, performance.now());
      throw error;
    }
  }

  private async releaseLost(release: (numbers: readonly number[]) => Promise<unknown>): Promise<void> {
    if (this.lost.size === 0) return;
    await release([...this.lost.keys()]);
    for (const [number, at] of this.lost) if (performance.now() - at > LOST_FOR_MS) this.lost.delete(number);
  }
}
