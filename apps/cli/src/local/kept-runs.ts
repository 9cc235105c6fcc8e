import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '@taskrunner/client';
import { isRunId } from '@taskrunner/core/foundation';
import { livingOwner } from '@taskrunner/infrastructure/embedded-postgres';
import { readJsonFile } from '../dev/state-directory';
import { CliError } from '../terminal/cli-error';
import { DOCUMENTS, isArchivedRun, type KeptDocuments } from './kept-run';
import { REQUEST, type KeptRequest } from './kept-request';
import { resumeCommand, waitsForPerson } from './resume-command';
import { liveRuns, localFolderOf, RECORD, type LiveRun, type LocalFolder } from './local-folder';

/** A run that has not ended, as far as its folder says. */
export interface UnfinishedRun extends LiveRun {
  /** Null: no process executes it, so it can be resumed. */
  readonly pid: number | null;
}

/** A run of a folder, in the form of an answer of the API. */
export type KeptRunView = Omit<Run, 'status'> & {
  /** `interrupted`: the process that executed it has ended, and it does not wait for a person. */
  readonly status: Run['status'] | 'interrupted';
  /** The command that goes on with it. Absent: the run has ended, or a process executes it. */
  readonly resume?: string;
};

/** The runs of this account that were executed without a server. It changes nothing. */
export class KeptRuns {
  /** Folders whose record cannot be read. */
  readonly unreadable = new Set<string>();

  private constructor(
    readonly local: LocalFolder,
    /** Ids of all runs, newest first. */
    readonly ids: readonly string[],
    private readonly unfinished: ReadonlyMap<string, UnfinishedRun>,
  ) {}

  /** The runs in the data folder of the account; null: there is none. */
  static async of(env: Readonly<Record<string, string | undefined>>): Promise<KeptRuns | null> {
    const local = localFolderOf(env);
    const names = await readdir(local.runs).catch(() => []);
    const unfinished = new Map<string, UnfinishedRun>();
    for (const live of await liveRuns(local.runs, names)) {
      const owner = await livingOwner(live.folder.storage);
      unfinished.set(live.runId, { ...live, pid: owner?.pid ?? null });
    }
    // Ids of runs begin with their time, so the newest is the last by name.
    const ids = [...names.filter((name) => isRunId(name)), ...unfinished.keys()].sort().reverse();
    return ids.length === 0 ? null : new KeptRuns(local, ids, unfinished);
  }

  get path(): string {
    return this.local.runs;
  }

  /** The run if it has not ended; null: it has, or there is none. */
  unfinishedRun(runId: string): UnfinishedRun | null {
    return this.unfinished.get(runId) ?? null;
  }

  /** The folder with the documents of a run. */
  folderOf(runId: string): string {
    return this.unfinished.get(runId)?.folder.path ?? join(this.path, runId);
  }

  /** Null: there is no such run, or its record cannot be read, which `unreadable` then names. */
  run(runId: string): KeptRunView | null {
    const unfinished = this.unfinished.get(runId);
    if (unfinished !== undefined) return viewOf(unfinished);
    if (!this.ids.includes(runId)) return null;
    return this.archived(runId);
  }

  /** The same for an id of `ids`, without looking for it. */
  listed(runId: string): KeptRunView | null {
    const unfinished = this.unfinished.get(runId);
    return unfinished === undefined ? this.archived(runId) : viewOf(unfinished);
  }

  private archived(runId: string): Run | null {
    const path = join(this.path, runId);
    try {
      // One after another: a list of thousands takes half the time of asynchronous reads.
      const record: unknown = JSON.parse(readFileSync(join(path, RECORD), 'utf8'));
      if (isArchivedRun(record)) return record.run;
    } catch {
      // It is damaged, or was deleted at this moment.
    }
    this.unreadable.add(path);
    return null;
  }

  /** Null: they were not written, because the process was killed, or they cannot be read. */
  documents(runId: string): Promise<KeptDocuments | null> {
    return readJsonFile<KeptDocuments>(join(this.folderOf(runId), DOCUMENTS));
  }

  request(runId: string): Promise<KeptRequest | null> {
    return readJsonFile<KeptRequest>(join(this.folderOf(runId), REQUEST));
  }
}

/** What needs an ended run. `more`: a further remedy for a run that nobody executes. */
export function unfinishedError({ runId, pid }: Pick<UnfinishedRun, 'runId' | 'pid'>, more = ''): CliError {
  return pid === null
    ? new CliError(
        'CLI_RUN_UNFINISHED',
        `${runId} has not ended, and no process executes it`,
        `Go on with: taskrunner run --resume ${runId}${more}`,
      )
    : new CliError(
        'CLI_RUN_UNFINISHED',
        `${runId} has not ended: process ${pid} executes it`,
        'Wait until it has ended, or press Ctrl-C in its terminal.',
      );
}

/** Null: the run was not accepted yet. */
function viewOf({ facts: { run }, pid, runId }: UnfinishedRun): KeptRunView | null {
  if (run === null || pid !== null) return run;
  const waits = waitsForPerson(run);
  return { ...run, status: waits ? 'waiting' : 'interrupted', resume: resumeCommand(runId, waits ? 'NAME' : null) };
}
