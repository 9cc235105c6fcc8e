import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { causesOf } from '@taskrunner/core/foundation';
import type { Driven, Refusal } from '@taskrunner/core/operations';
import type { ClaimedRun } from '@taskrunner/core/ports';
import type { WorkerLog } from '../reporting/worker-log';

/** Deadline of steps: milliseconds after a moment of the monotonic clock, which all processes share. */
export interface Deadline {
  readonly ms: number;
  readonly sentAtMs: number;
}

/** Messages from a worker to the process of a run in quarantine. `configure`: the first one. */
export type ToQuarantine =
  | { readonly type: 'configure'; readonly configuration: object }
  | { readonly type: 'drive'; readonly run: ClaimedRun; readonly refusal: Refusal | null }
  | { readonly type: 'renew'; readonly deadline: Deadline }
  | { readonly type: 'mail' }
  | { readonly type: 'hand-over' }
  /** `drain`: the worker leaves, and nothing more begins. `give-up`: steps that may begin again elsewhere are stopped. */
  | { readonly type: 'drain' }
  | { readonly type: 'give-up' }
  /** The process is no longer needed. */
  | { readonly type: 'leave' };

/** Messages from the process to its worker. `driving`: from here on the run is the cause of a death. */
export type FromQuarantine =
  | { readonly type: 'ready' }
  | { readonly type: 'driving' }
  | { readonly type: 'driven'; readonly driven: Driven | 'failed' }
  /** It has caught an error: the outermost first. It ends then, or drives on. `mistake`: message of an error that is one of the program. */
  | { readonly type: 'failed'; readonly causes: readonly string[]; readonly mistake: string | null };

/** The result: the process has died of the run, or it never came so far. */
export type IsolatedOutcome = Driven | 'died' | 'failed';

/** The argument of a process whose configuration its worker sends. Without it, the process reads its configuration as a main does. */
export const CONFIGURED_BY_WORKER = 'configured-by-worker';

/** What a process gets from its worker. */
interface QuarantineSettings {
  /** Environment variables, including secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** It may come from a program instead of a file or variables, so the process cannot read it. */
  readonly configuration: object;
}

/** Maximum number of processes. Further runs in quarantine wait under their claim, and are released to other workers after a while. */
const AT_ONCE = 2;
const PATIENCE_MS = 15_000;

/** A slot for a process. A process that has survived a run drives the next one. */
interface Place {
  readonly folder: string;
  child: ChildProcess | null;
}

/**
 * Drives runs that may have killed workers, each in a process of its own (docs/guides/operations.md, Quarantine). A run that kills its process kills nothing else,
 * and the worker then knows that the run is the cause. If the worker itself is killed, its processes end with it, and no run is blamed.
 */
export class Quarantine {
  private readonly drives = new Set<IsolatedDrive>();
  private readonly places: Place[];
  private readonly waiting: ((place: Place) => void)[] = [];
  private deadline: Deadline | null = null;
  private readonly children = new Set<ChildProcess>();
  private isClosing = false;

  /**
   * `settings`: those of the worker, for a slot with this folder. `workDirectory`: of the worker; each slot has a folder in it.
   */
  constructor(
    private readonly settings: (folder: string) => QuarantineSettings,
    workDirectory: string,
    private readonly log: WorkerLog,
    private readonly script = join(__dirname, 'quarantine-process.js'),
    private readonly patienceMs = PATIENCE_MS,
  ) {
    const folderOf = (place: number): string => join(workDirectory, `quarantine-${place}`);
    this.places = Array.from({ length: AT_ONCE }, (_, place) => ({ folder: folderOf(place), child: null }));
  }

  /** Called when the worker's lease was renewed, which extends that of its processes. */
  renew(deadline: Deadline): void {
    this.deadline = deadline;
    for (const drive of this.drives) drive.send({ type: 'renew', deadline });
  }

  /**
   * Ends the processes that still drive a run, as if this worker had been killed. Without a database they would try to commit for ever, and
   * keep this process alive. No run is blamed. Resolves when they have ended.
   */
  async close(): Promise<void> {
    this.isClosing = true;
    for (const drive of this.drives) drive.end();
    const ends = [...this.children].map((child) => once(child, 'exit'));
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(ends);
  }

  /** A run that waits for an isolated process. */
  open(run: ClaimedRun, refusal: Refusal | null): IsolatedDrive {
    return new IsolatedDrive(run, refusal, (drive) => this.drive(drive));
  }

  private async drive(drive: IsolatedDrive): Promise<IsolatedOutcome> {
    const place = await this.place();
    if (place === null) return 'handed-over';
    this.drives.add(drive);
    try {
      return drive.isHandedOver || this.isClosing ? 'handed-over' : await this.driveIn(place, drive);
    } finally {
      this.drives.delete(drive);
      const next = this.waiting.shift();
      if (next) next(place);
      else {
        this.places.push(place);
        this.leave(place);
      }
    }
  }

  /** A slot that is free now or soon; null: there is none. */
  private async place(): Promise<Place | null> {
    const free = this.places.shift();
    if (free) return free;
    return new Promise((resolve) => {
      const take = (place: Place): void => {
        clearTimeout(timer);
        resolve(place);
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(take), 1);
        resolve(null);
      }, this.patienceMs);
      this.waiting.push(take);
    });
  }

  private async driveIn(place: Place, drive: IsolatedDrive): Promise<IsolatedOutcome> {
    const { runId, tenant, crashes } = drive.run;
    const child = place.child ?? (await this.start(place, drive));
    if (child === null) return drive.isHandedOver ? 'handed-over' : 'failed';
    this.log.say('warn', 'quarantine.began', { runId, tenant, crashes });
    if (this.deadline !== null) drive.send({ type: 'renew', deadline: this.deadline });
    const say = (message: FromQuarantine): void => {
      if (message.type === 'failed') this.sayFailed(drive.run, { causes: message.causes });
    };
    child.on('message', say);
    const driven = await drive.driveIn(child);
    child.off('message', say);
    const { exitCode, signal } = endOf(child);
    // A process that said why it failed is about to end.
    if (driven === 'failed') place.child = null;
    if (driven === 'failed' && (exitCode ?? signal) !== null) this.sayFailed(drive.run, { exitCode, signal });
    return driven;
  }

  /** A process that is ready; null if none can be had. */
  private async start(place: Place, drive: IsolatedDrive): Promise<ChildProcess | null> {
    const { environment, configuration } = this.settings(place.folder);
    const child = fork(this.script, [CONFIGURED_BY_WORKER], {
      env: { ...environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    place.child = child;
    this.children.add(child);
    const gone = (): void => {
      this.children.delete(child);
      if (place.child === child) place.child = null;
    };
    child.once('error', gone).once('exit', gone);
    // It holds passwords, so it is no variable and no argument, which other processes could read.
    child.send({ type: 'configure', configuration } satisfies ToQuarantine, () => undefined);
    return new Promise((resolve) => {
      const causes: string[] = [];
      const hear = (message: FromQuarantine): void => {
        if (message.type === 'failed') {
          causes.push(...message.causes);
          drive.mistake = message.mistake;
        } else settle(child);
      };
      const fail = (error: unknown): void => {
        if (error instanceof Error) causes.push(...causesOf(error));
        if (!this.isClosing) this.sayFailed(drive.run, { ...endOf(child), causes });
        settle(null);
      };
      const settle = (outcome: ChildProcess | null): void => {
        child.off('message', hear).off('error', fail).off('close', fail);
        resolve(outcome);
      };
      // `exit` may come before the last message has been read.
      child.on('message', hear).once('error', fail).once('close', fail);
    });
  }

  /** What the process itself could not say stands before this line in standard error, which it shares with its worker. */
  private sayFailed({ runId, tenant }: ClaimedRun, cause: { readonly [name: string]: unknown }): void {
    this.log.say('error', 'quarantine.failed', { runId, tenant, script: this.script, ...cause });
  }

  private leave(place: Place): void {
    if (place.child?.connected) place.child.send({ type: 'leave' } satisfies ToQuarantine, () => undefined);
    place.child = null;
  }
}

/** How a process has ended. */
function endOf({ exitCode, signalCode }: ChildProcess): {
  readonly exitCode: number | null;
  readonly signal: string | null;
} {
  return { exitCode, signal: signalCode };
}

/** One run in quarantine, as a claim loop holds a driver. */
export class IsolatedDrive {
  isHandedOver = false;
  private isEnding = false;
  /** Message of the error that ended the drive, if it was a mistake of the program. */
  mistake: string | null = null;
  private child: ChildProcess | null = null;
  private readonly early: ToQuarantine[] = [];

  constructor(
    readonly run: ClaimedRun,
    private readonly refusal: Refusal | null,
    private readonly inPlace: (drive: IsolatedDrive) => Promise<IsolatedOutcome>,
  ) {}

  drive(): Promise<IsolatedOutcome> {
    return this.inPlace(this);
  }

  inboxChanged(): void {
    this.send({ type: 'mail' });
  }

  handOver(): void {
    this.isHandedOver = true;
    this.send({ type: 'hand-over' });
  }

  /** Its worker leaves. A run that has no process yet begins elsewhere. */
  leave(): void {
    if (this.child === null) this.handOver();
    else this.send({ type: 'drain' });
  }

  /** Its worker ends, and its process with it. */
  end(): void {
    this.isHandedOver = true;
    this.isEnding = true;
  }

  /** Only its process knows which steps it abandons. */
  giveUpIdempotent(): readonly string[] {
    this.send({ type: 'give-up' });
    return [];
  }

  /** Only its process knows what is in progress. */
  readonly underWay: readonly string[] = [];

  /** Sends a message now or when there is a process for it; a process that has ended gets none. */
  send(message: ToQuarantine): void {
    if (this.child === null) this.early.push(message);
    else if (this.child.connected) this.child.send(message, () => undefined);
  }

  /** Drives the run in this process, which is ready and drives nothing else. */
  driveIn(child: ChildProcess): Promise<IsolatedOutcome> {
    this.child = child;
    return new Promise((resolve) => {
      let isDriving = false;
      const hear = (message: FromQuarantine): void => {
        if (message.type === 'driving') isDriving = true;
        else if (message.type === 'failed') this.mistake = message.mistake;
        else if (message.type === 'driven') end(message.driven);
      };
      const lose = (): void => end(this.isEnding ? 'handed-over' : isDriving ? 'died' : 'failed');
      const end = (driven: IsolatedOutcome): void => {
        child.off('message', hear).off('close', lose);
        resolve(driven);
      };
      child.on('message', hear).once('close', lose);
      this.send({ type: 'drive', run: this.run, refusal: this.refusal });
      for (const early of this.early.splice(0)) this.send(early);
    });
  }
}
