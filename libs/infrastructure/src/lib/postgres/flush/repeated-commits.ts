import type { CommitFailures } from './postgres-committer';

/** Passes on what the committer tells of failing commits. It exists before the database is opened, and its listener after that. */
export class RepeatedCommits implements CommitFailures {
  private listener: CommitFailures | null = null;

  listen(listener: CommitFailures): void {
    this.listener = listener;
  }

  failed(error: unknown): void {
    this.listener?.failed(error);
  }

  recovered(): void {
    this.listener?.recovered();
  }
}
