import { outageOf, storesNothing } from './database-outage';

/** Why the database stores nothing, although it may answer. */
export interface DatabaseOutage {
  readonly reason: string;
  /** The first error, for the log. */
  readonly error: unknown;
}

/** Parameters of watching a database. */
interface DatabaseHealthSettings {
  /** Writes something to the disk of the database. Rejects if it cannot. */
  readonly probe: () => Promise<void>;
  /** Called once when an outage begins, and once with null when it ends. */
  readonly onChange?: (outage: DatabaseOutage | null) => void;
  /** Pause between two probes during an outage, milliseconds. Longer than any pause before a failed statement is repeated. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 3_000;

/**
 * Whether the database stores what it is sent, as one process knows it. A full disk is not found by reading: the server answers queries, and
 * refuses statements that need new pages. So an outage begins with such a refusal. It ends when a probe succeeds and no statement was
 * refused since the probe before.
 */
export class DatabaseHealth {
  private known: DatabaseOutage | null = null;
  private noted = 0;
  private timer: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(private readonly settings: DatabaseHealthSettings) {}

  get outage(): DatabaseOutage | null {
    return this.known;
  }

  /** Records an error of a statement. Errors that do not concern every statement are ignored. */
  note(error: unknown): void {
    if (this.isClosed || !storesNothing(error)) return;
    this.noted++;
    if (this.known !== null) return;
    this.known = { reason: outageOf(error) ?? 'the disk of the database fails', error };
    this.settings.onChange?.(this.known);
    this.lookLater();
  }

  /** Stops probing. */
  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private lookLater(): void {
    const { noted } = this;
    this.timer = setTimeout(() => void this.look(noted), this.settings.intervalMs ?? INTERVAL_MS);
    this.timer.unref();
  }

  private async look(notedBefore: number): Promise<void> {
    const isStoring = await this.settings.probe().then(
      () => true,
      () => false,
    );
    if (this.isClosed) return;
    if (!isStoring || this.noted !== notedBefore) return this.lookLater();
    this.known = null;
    this.settings.onChange?.(null);
  }
}
