import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Socket } from 'node:net';
import type { StepChild, StepExit, StepOutput, StepPlace } from '@taskrunner/core/ports';
import type { Launch } from './launch/launch';
import type { OutputPipe, Pipe } from './launch/pipes';
import { refusal } from './launch/sandbox-error';
import { isGone, killGroup, killHolders } from './supervisor-process/process-table';
import type { FromSupervisor } from './supervisor-process/protocol';

type Message = Exclude<FromSupervisor, { type: 'expired' }>;

/**
 * Maximum silence on an output after the child's end, milliseconds. An escaped process (profile `none/v1`) may hold the output open. Silence is
 * counted in looks: between two of them this process looks at its files, however busy it is, so what was written is read.
 */
const SILENCE_MS = 1_000;
const LOOKS = 4;

/** The worker's side of one child: its three pipes and the supervisor's messages about it. */
export class ChildHandle implements StepChild {
  readonly exit: Promise<StepExit>;
  /** The step that the child executes. */
  readonly place: StepPlace | undefined;
  private readonly ended: Promise<StepExit>;
  private settle!: { resolve(exit: StepExit): void; reject(error: unknown): void };
  private pid: number | null = null;
  private namespace: { readonly pid: number; readonly birth: string } | null = null;
  private over = false;

  constructor(
    private readonly stdin: Pipe | null,
    stdout: OutputPipe,
    stderr: OutputPipe,
    { stdin: content, place }: Pick<Launch, 'stdin' | 'place'>,
    reader: StepOutput,
    private readonly sendStop: (graceMs: number) => void,
  ) {
    this.place = place;
    this.pipes = stdin === null ? [stdout, stderr] : [stdin, stdout, stderr];
    this.ended = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    if (stdin !== null && content !== undefined) void feed(stdin.socket, content);
    let failure: { readonly error: unknown } | null = null;
    const fail = (error: unknown) => {
      failure ??= { error };
      this.sendStop(0);
    };
    const outputs = [this.pump('stdout', stdout, reader, fail), this.pump('stderr', stderr, reader, fail)];
    this.exit = this.ended.then(
      async (exit) => {
        await Promise.all(outputs);
        if (failure !== null) throw failure.error;
        return exit;
      },
      async (error: unknown) => {
        await Promise.all(outputs);
        throw error;
      },
    );
    // Callers may await `exit` later, so an early rejection must not be unhandled.
    this.exit.catch(() => undefined);
  }

  private readonly pipes: readonly Pipe[];

  stop(graceMs: number): Promise<StepExit> {
    this.sendStop(graceMs);
    return this.exit;
  }

  /** Handles a message of the supervisor. Returns true if it was the last one. */
  hear(message: Message): boolean {
    switch (message.type) {
      case 'started':
        this.pid = message.pid;
        this.handOver();
        return false;
      case 'namespace':
        this.namespace = { pid: message.pid, birth: message.birth };
        return false;
      case 'refused':
        this.end(() => this.settle.reject(refusal(message.code, message.message)));
        return true;
      case 'exit': {
        const { code, signal, killed, ran, excess } = message;
        // Failures of bubblewrap itself have small exit codes. Any other end without a status may have happened while the step ran.
        const unbuilt = !ran && killed === null && signal === null && (code ?? 0) < 128;
        if (!unbuilt) this.end(() => this.settle.resolve({ code, signal, killed, ...(excess && { excess }) }));
        else
          this.end(() =>
            this.settle.reject(
              refusal('START_FAILED', `the sandbox ended with ${code ?? 'nothing'} before the step began`),
            ),
          );
        return true;
      }
    }
  }

  /** The supervisor is gone: kills the remaining processes, waits for their end, and rejects. */
  async lose(): Promise<void> {
    const { pid } = this;
    // The child may have started even if the supervisor died before it reported so.
    const outputs = this.pipes.map(({ path }) => path);
    if (pid === null) while (!killHolders(outputs)) await new Promise((resolve) => setTimeout(resolve, 5));
    this.handOver();
    this.killFirst();
    while (
      pid !== null &&
      !(killGroup(pid) && (this.namespace === null || isGone(this.namespace.pid, this.namespace.birth)))
    )
      await new Promise((resolve) => setTimeout(resolve, 5));
    this.end(() => this.settle.reject(refusal('SUPERVISOR_LOST', 'the supervisor of the children ended')));
  }

  private killFirst(): void {
    const { namespace } = this;
    if (namespace === null || isGone(namespace.pid, namespace.birth)) return;
    try {
      process.kill(namespace.pid, 'SIGKILL');
    } catch {
      // The child has already ended.
    }
  }

  private handOver(): void {
    for (const pipe of this.pipes) pipe.handedOver();
  }

  private end(settle: () => void): void {
    this.handOver();
    this.over = true;
    this.stdin?.socket.destroy();
    settle();
  }

  /** Passes on output until its end. */
  private async pump(
    stream: 'stdout' | 'stderr',
    pipe: OutputPipe,
    reader: StepOutput,
    fail: (error: unknown) => void,
  ): Promise<void> {
    let busy = false;
    let silentLooks = 0;
    let failed = false;
    const watch = setInterval(() => {
      silentLooks = this.over && !busy ? silentLooks + 1 : 0;
      if (silentLooks > LOOKS) pipe.socket.destroy();
    }, SILENCE_MS / LOOKS);
    watch.unref();
    await pipe.read(async (chunk) => {
      if (failed) return;
      busy = true;
      try {
        await reader.onOutput(stream, chunk);
      } catch (error) {
        failed = true;
        fail(error);
      }
      busy = false;
      silentLooks = 0;
    });
    clearInterval(watch);
    pipe.socket.destroy();
  }
}

/** A child may leave its input unread, so a closed pipe is no error. */
async function feed(socket: Socket, content: NonNullable<Launch['stdin']>): Promise<void> {
  const source = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
  await pipeline(Readable.from(source), socket).catch(() => undefined);
}
