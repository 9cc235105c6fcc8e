import { isTemporary, type LogPageQuery, type LogPage, type TaskRunnerClient } from '@taskrunner/client';
import type { LogFilter } from './log-filter';
import { readLog } from './log-stream';
import { append, emptyWindow, extend, prepend, type LogWindow } from './log-window';

/** What a reader of a log sees. */
interface LogState {
  readonly window: LogWindow;
  /** False: nothing has been read yet. */
  readonly isRead: boolean;
  /** New lines move the reader to the end. */
  readonly isFollowing: boolean;
  readonly isConnected: boolean;
  /** An error that another try does not mend. */
  readonly failure: unknown;
  /** A reader who does not follow has seen the end up to this line. */
  readonly readTo: number;
}

interface LogBookFacts {
  readonly client: Pick<TaskRunnerClient, 'logPage' | 'followLogs'>;
  readonly runId: string;
  readonly filter: LogFilter;
  /** Number of lines that are held. */
  readonly limit: number;
}

/** Lines that are read at once. */
const PAGE = 500;
/** Lines that are shown before the line of an address. */
const CONTEXT = 100;
/** A filter that few lines match may find none in one request; so many are made before the reader must ask again. */
const TRIES = 10;

/**
 * A reader's place in the log of a run: a window of lines that moves to where the reader goes. Only a window at the end of the log, in a page that can
 * be seen, holds a stream.
 */
export class LogBook {
  private state: LogState;
  private readonly listeners = new Set<() => void>();
  private streaming: AbortController | null = null;
  /** Stops what was begun before the reader went elsewhere. */
  private place = new AbortController();
  private isSeen = false;
  private isTail = false;
  private hasEnded = false;
  private isMoving = false;

  constructor(private readonly facts: LogBookFacts) {
    this.state = {
      window: emptyWindow(0, facts.limit, false),
      isRead: false,
      isFollowing: false,
      isConnected: true,
      failure: null,
      readTo: 0,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): LogState => this.state;

  /** Goes to the last lines, and follows. */
  openEnd(): void {
    this.leave();
    this.isTail = true;
    const window = emptyWindow(0, this.facts.limit, true);
    this.become({ window, isRead: false, isFollowing: true, failure: null });
    this.stream();
  }

  /** Goes to a line. */
  async openAt(line: number): Promise<void> {
    this.leave();
    const { limit } = this.facts;
    this.become({ window: emptyWindow(line, limit, false), isRead: false, isFollowing: false, failure: null });
    const [earlier, later] = [this.page({ before: line + 1, limit: CONTEXT }), this.page({ after: line, limit: PAGE })];
    await this.guarded(async () => {
      const [before, behind] = await Promise.all([earlier, later]);
      // An address may name a line that the log does not have.
      const start = emptyWindow(Math.min(line, behind.lastLine), limit, false);
      const to = Math.min(behind.searchedTo, behind.lastLine);
      const window = extend(start, behind.items, to, to === behind.lastLine);
      this.become({
        window: prepend(window, before.items, before.searchedFrom),
        isRead: true,
        readTo: behind.lastLine,
      });
      this.stream();
    });
  }

  /** Reads lines before the window, if there are any. */
  earlier(): Promise<void> {
    return this.move(async () => {
      for (let tries = 0; tries < TRIES && this.state.window.after > 0; tries++) {
        const { items, searchedFrom } = await this.page({ before: this.state.window.after + 1, limit: PAGE });
        this.become({ window: prepend(this.state.window, items, searchedFrom), isFollowing: false });
        this.stream();
        if (items.length > 0) return;
      }
    });
  }

  /** Reads lines behind a window that is not at the end. */
  later(): Promise<void> {
    return this.move(async () => {
      for (let tries = 0; tries < TRIES && !this.state.window.isAtEnd; tries++) {
        const { items, searchedTo, lastLine } = await this.page({ after: this.state.window.to, limit: PAGE });
        this.become({ window: extend(this.state.window, items, searchedTo, searchedTo >= lastLine) });
        this.stream();
        if (items.length > 0) return;
      }
    });
  }

  /** Follows the end from now on. */
  follow(): void {
    if (!this.state.window.isAtEnd) this.openEnd();
    else this.become({ isFollowing: true });
  }

  /** Stays where the reader is. */
  unfollow(): void {
    if (this.state.isFollowing) this.become({ isFollowing: false, readTo: this.state.window.to });
  }

  /** The reader sees the end of the window. */
  seesEnd(): void {
    if (this.state.window.isAtEnd && this.state.readTo !== this.state.window.to)
      this.become({ readTo: this.state.window.to });
  }

  /** A page that cannot be seen holds no stream. */
  setSeen(isSeen: boolean): void {
    this.isSeen = isSeen;
    this.stream();
  }

  close(): void {
    this.isSeen = false;
    this.leave();
  }

  private leave(): void {
    this.place.abort();
    this.place = new AbortController();
    this.streaming?.abort();
    this.streaming = null;
    this.isMoving = false;
  }

  /** Begins or stops the stream, as the state of the window asks for. */
  private stream(): void {
    const isNeeded = this.isSeen && this.state.window.isAtEnd && !this.hasEnded && this.state.failure === null;
    if (!isNeeded) {
      this.streaming?.abort();
      this.streaming = null;
      return;
    }
    if (this.streaming !== null) return;
    const stopping = new AbortController();
    const { signal } = stopping;
    this.streaming = stopping;
    const { client, runId, filter, limit } = this.facts;
    readLog(client, {
      ...{ runId, filter, signal, follow: true },
      from: this.isTail ? { tail: Math.min(PAGE, limit) } : { after: this.state.window.to },
      onTail: (after) => {
        this.isTail = false;
        this.become({ window: emptyWindow(after, limit, true), isRead: true });
      },
      onLines: (lines) => {
        this.isTail = false;
        const { window, isFollowing } = this.state;
        this.become({ window: append(window, lines, 0, isFollowing), isRead: true });
        this.stream();
      },
      onConnection: (isConnected) => this.become({ isConnected }),
    })
      .then(() => {
        if (signal.aborted) return;
        this.hasEnded = true;
        this.become({ isRead: true });
      })
      .catch((failure: unknown) => this.become({ failure }));
  }

  private async move(work: () => Promise<void>): Promise<void> {
    if (this.isMoving || !this.state.isRead) return;
    this.isMoving = true;
    const { place } = this;
    await this.guarded(work);
    if (this.place === place) this.isMoving = false;
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    const { signal } = this.place;
    try {
      await work();
      if (!signal.aborted) this.become({ isConnected: true });
    } catch (error) {
      if (signal.aborted) return;
      if (isTemporary(error) && this.state.isRead) this.become({ isConnected: false });
      else this.become({ failure: error });
    }
  }

  private page(place: Pick<LogPageQuery, 'after' | 'before' | 'limit'>): Promise<LogPage> {
    const { client, runId, filter } = this.facts;
    return client.logPage(runId, { ...place, ...filter }, { signal: this.place.signal });
  }

  private become(change: Partial<LogState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
