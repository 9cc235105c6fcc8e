import { SqlFailure, type ModelDatabase, type Running, type Pause } from '@taskrunner/infrastructure/testing';
import type { Random } from '@taskrunner/core/testing';
import type { Process, VirtualTime } from './virtual-time';

/** Fate of one statement: */
export type Fate =
  /** its answer comes; */
  | 'answered'
  /** it never reaches the server; */
  | 'unsent'
  /** it is executed, its answer lost; */
  | 'unanswered'
  /** its sender gets a connection error, and it is executed later nevertheless; */
  | 'late'
  /** the server requests that it be sent again. */
  | 'again';

interface Answer {
  readonly rows: unknown[];
}

interface Asked {
  readonly client: Process;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Maximum duration of a statement on the server, milliseconds. */
const LATEST_MS = 30_000;

const LOST = Object.assign(new Error('connection terminated'), { code: 'ECONNRESET' });
const REFUSED = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });

/** The model database as a server: statements have latency and duration, wait for locks, and get lost. */
export class Server {
  /** Connections are refused. */
  private away = false;
  /** Connections from before a restart are broken. */
  private life = 0;
  private readonly waiting = new Map<object, (() => void)[]>();
  private readonly underWay = new Map<Running, (error: Error) => void>();

  constructor(
    private readonly database: ModelDatabase,
    private readonly time: VirtualTime,
    private readonly random: Random,
    private readonly fateOf: (client: Process, statement: string) => Fate,
  ) {}

  /** The interface that adapters use as a pool. */
  poolOf(client: Process): never {
    const query = (asked: string | { readonly name: string; readonly values: readonly unknown[] }): Promise<Answer> =>
      typeof asked === 'string' ? this.query(client, 'stamp', []) : this.query(client, asked.name, asked.values);
    return { query } as never;
  }

  /** Rolls back everything in progress and loses its answers. Nobody can connect until `comeBack`. */
  goAway(): void {
    this.away = true;
    this.life++;
    for (const [running, fail] of [...this.underWay]) {
      this.underWay.delete(running);
      running.tx.abort();
      fail(LOST);
      this.wake(running);
    }
  }

  comeBack(): void {
    this.away = false;
  }

  get isAway(): boolean {
    return this.away;
  }

  private query(client: Process, name: string, values: readonly unknown[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked: Asked = { client, resolve, reject };
      const fate = this.fateOf(client, name);
      const { life } = this;
      this.time.after(this.latency(), () => this.arrive(asked, name, values, fate, life), null);
    });
  }

  private arrive(asked: Asked, name: string, values: readonly unknown[], fate: Fate, life: number): void {
    if (this.away) return this.fail(asked, REFUSED);
    if (life !== this.life || fate === 'unsent') return this.fail(asked, LOST);
    if (fate === 'again') return this.fail(asked, new SqlFailure('40001', 'could not serialize access'));
    if (fate !== 'late') return this.execute(asked, name, values, fate);
    this.fail(asked, LOST);
    const lateBy = this.random.chance(0.5) ? this.random.int(1, 50) : this.random.int(50, LATEST_MS);
    const nobody: Asked = { ...asked, resolve: () => undefined, reject: () => undefined };
    this.time.after(lateBy, () => (life === this.life ? this.execute(nobody, name, values, fate) : undefined), null);
  }

  private execute(asked: Asked, name: string, values: readonly unknown[], fate: Fate): void {
    const running = this.database.begin(name, values);
    this.underWay.set(running, (error) => this.fail(asked, error));
    this.goOn(running, asked, fate);
  }

  /** Executes until the statement waits or ends. */
  private goOn(running: Running, asked: Asked, fate: Fate): void {
    for (;;) {
      if (!this.underWay.has(running)) return;
      let step: IteratorResult<Pause, unknown[]>;
      try {
        step = running.execution.next();
      } catch (error) {
        running.tx.abort();
        this.underWay.delete(running);
        this.wake(running);
        return this.fail(asked, error as Error);
      }
      if (step.done) {
        const rows = step.value;
        const pause = this.random.chance(0.3) ? this.random.next() * 4 : 0;
        if (pause === 0) return this.commit(running, asked, rows, fate);
        this.time.after(pause, () => this.commit(running, asked, rows, fate), null);
        return;
      }
      if (step.value) return this.wait(step.value, () => this.goOn(running, asked, fate));
      if (this.random.chance(0.1)) {
        this.time.after(this.random.next() * 4, () => this.goOn(running, asked, fate), null);
        return;
      }
    }
  }

  private commit(running: Running, asked: Asked, rows: unknown[], fate: Fate): void {
    if (!this.underWay.delete(running)) return;
    this.database.commit(running);
    this.wake(running);
    if (fate === 'unanswered') return this.fail(asked, LOST);
    const { life } = this;
    const answer = (): void => (life === this.life ? asked.resolve({ rows }) : asked.reject(LOST));
    this.time.after(this.latency(), answer, asked.client);
  }

  private fail({ client, reject }: Asked, error: Error): void {
    this.time.after(this.latency(), () => reject(error), client);
  }

  private wait(holder: object, goOn: () => void): void {
    const known = this.waiting.get(holder);
    if (known) known.push(goOn);
    else this.waiting.set(holder, [goOn]);
  }

  private wake({ tx }: Running): void {
    const waiting = this.waiting.get(tx) ?? [];
    this.waiting.delete(tx);
    for (const goOn of waiting) this.time.after(0, goOn, null);
  }

  private latency(): number {
    return 0.2 + this.random.next() * 3;
  }
}
