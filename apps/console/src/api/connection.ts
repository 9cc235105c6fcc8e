/** Whether the server can be reached, as the last request found it. */
export class Connection {
  private isThere = true;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** False while the connection is lost. */
  readonly current = (): boolean => this.isThere;

  /** Learns from the browser that it has lost its network, before a request finds out. A request finds out that it is back: `ConnectionLost` sends one at intervals. */
  watch(browser: Pick<Window, 'addEventListener'>): void {
    browser.addEventListener('offline', () => this.note(false));
  }

  /** A request was answered, or the server could not be reached. */
  note(isThere: boolean): void {
    if (this.isThere === isThere) return;
    this.isThere = isThere;
    for (const listener of this.listeners) listener();
  }
}
