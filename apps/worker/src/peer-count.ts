/** Number of other living workers, for components that divide work. The component that queries the database updates it. */
export class PeerCount {
  private counted: () => number = () => 0;

  /** According to the last query; zero before. */
  get others(): number {
    return this.counted();
  }

  countedBy(counted: () => number): void {
    this.counted = counted;
  }
}
