import type { Run } from '@taskrunner/client';
import { writeFacts, type RunFacts, type RunFolder } from './local-folder';

/**
 * The record of a run that this process executes. It says what became of the run if the process is killed, so that no database has to be
 * started to answer that.
 */
export class RunRecord {
  private written: Promise<void> = Promise.resolve();
  private isDue = false;

  constructor(
    readonly folder: RunFolder,
    private current: RunFacts,
  ) {}

  get facts(): RunFacts {
    return this.current;
  }

  /** Replaces the record. Changes that come while it is written are written together. */
  note(change: Partial<RunFacts>): Promise<void> {
    this.current = { ...this.current, ...change };
    if (this.isDue) return this.written;
    this.isDue = true;
    const write = async (): Promise<void> => {
      this.isDue = false;
      await writeFacts(this.folder, this.current);
    };
    this.written = this.written.then(write, write);
    return this.written;
  }

  /** Notes a change of the run. The run does not depend on it: a full disk is reported by what needs the disk. */
  noteRun(run: Run): void {
    this.note({ run }).catch(() => undefined);
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.written.catch(() => undefined);
  }
}
