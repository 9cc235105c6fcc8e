/** How many workers live beside this one, for whoever divides work. Who asks the database for it says so here. */
export class PeerCount {
  private counted: () => number = () => 0;

  /** As last asked; none before. */
  get others(): number {
    return this.counted();
  }

  countedBy(counted: () => number): void {
    this.counted = counted;
  }
}
