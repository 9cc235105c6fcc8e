import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { StepExcess } from '@taskrunner/core/ports';
import { ChildWatch } from './child-watch';
import { MemoryGroup } from './memory-group';
import { birthOf, descendantsOf, isGone, killGroup, type Processes } from './process-table';
import type { FromSupervisor, Killer, ToSupervisor } from './protocol';

type Run = Extract<ToSupervisor, { type: 'run' }>;

/** One child and all of its descendants, in a session and process group or in a pid namespace. */
export class Child {
  private process: ChildProcess | null = null;
  private namespace: { readonly pid: number; readonly birth: string } | null = null;
  private ran = false;
  private killed: Killer | null = null;
  private over = false;
  private group: MemoryGroup | null = null;
  private watch: ChildWatch | null = null;
  /** bubblewrap starts the step only after it has read from this pipe. */
  private gate: Writable | null = null;
  private excess: StepExcess | null = null;

  /** `delegated`: control group for the groups of children; null: memory is watched instead. */
  constructor(
    private readonly run: Run,
    private readonly send: (message: FromSupervisor) => void,
    private readonly delegated: string | null = null,
  ) {}

  /** Starts the child. Resolves when all of its processes are gone. Sends `started` and then `exit`, or only `refused`. */
  async live(): Promise<void> {
    const { id, handover } = this.run;
    let child: ChildProcess;
    if (!this.adopt()) {
      this.send({ type: 'refused', id, code: 'START_FAILED', message: 'the container ended before it was started' });
      return;
    }
    try {
      this.beginWatch();
      child = this.spawn();
    } catch (error) {
      this.watch?.release();
      this.send({
        type: 'refused',
        id,
        code: 'START_FAILED',
        message: error instanceof Error ? error.message : 'cannot be spawned',
      });
      return;
    }
    const failed = new Promise<Error>((resolve) => child.once('error', resolve));
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const { pid } = child;
    if (pid === undefined) {
      this.watch?.release();
      this.send({ type: 'refused', id, code: 'START_FAILED', message: (await failed).message });
      return;
    }
    this.process = child;
    this.send({ type: 'started', id, pid });
    let status = Promise.resolve();
    if (handover === null) this.ran = true;
    else {
      give(child.stdio[4] as Writable, handover.options.map((option) => `${option}\0`).join(''));
      give((child.stdio as readonly unknown[])[5] as Writable, Buffer.from(handover.seccomp, 'base64'));
      this.gate = (child.stdio as readonly unknown[])[6] as Writable;
      if (this.watch === null) this.begin();
      status = this.readStatus(child.stdio[3] as Readable);
    }
    const { code, signal } = await ended;
    await status;
    // A container or a namespace's first process outlives its starter if that was killed during setup.
    this.killFirst();
    while (!this.isEmpty(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    this.over = true;
    // A stop during the last check is too late.
    const killed = (await this.endWatch(code)) ? this.killed : 'closed';
    this.send({ type: 'exit', id, code, signal, killed, ran: this.ran, excess: this.excess ?? undefined });
  }

  /** Kills the child if it exceeds a limit. */
  async look(processes: () => Processes): Promise<void> {
    const first = this.run.firstProcess ?? this.process?.pid;
    if (this.watch === null || first === undefined || this.over || this.killed !== null) return;
    try {
      this.excess ??= await this.watch.look(first, () => this.family(first, processes));
    } catch (error) {
      // A child that cannot be watched must not continue.
      process.stderr.write(`child ${this.run.id} cannot be watched: ${String(error)}\n`);
      return this.kill('closed');
    }
    if (this.excess !== null) this.kill('limit');
  }

  /**
   * In a namespace, orphans are adopted inside, so the tree below the first process is complete. Otherwise all processes must be examined.
   */
  private family(first: number, processes: () => Processes): readonly number[] {
    return (this.namespace === null ? null : descendantsOf(first)) ?? processes().familyOf(first);
  }

  private beginWatch(): void {
    const { id, watch, firstProcess } = this.run;
    if (watch === undefined) return;
    // Processes that a container engine starts are in none of our groups.
    if (this.delegated !== null && watch.memoryBytes !== null && firstProcess === undefined)
      this.group = MemoryGroup.make(this.delegated, id, watch.memoryBytes);
    this.watch = new ChildWatch(watch, this.group);
    // A created container already has its file systems and starts after this call.
    if (this.namespace !== null) void this.watch.hold(this.namespace.pid);
  }

  /** Checks for a last time, unless the child was killed. Returns false if the check fails. */
  private async endWatch(code: number | null): Promise<boolean> {
    const { watch, killed } = this;
    if (watch === null) return true;
    try {
      if (killed === null) this.excess ??= await watch.conclude(code !== 0);
      return true;
    } catch (error) {
      process.stderr.write(`child ${this.run.id} cannot be watched: ${String(error)}\n`);
      return false;
    } finally {
      this.killed = killed;
      watch.release();
    }
  }

  /** Sends SIGTERM to the step, and SIGKILL after the grace period. */
  stop(graceMs: number): void {
    this.killed ??= 'stop';
    this.signal('SIGTERM');
    setTimeout(() => this.kill('stop'), graceMs).unref();
  }

  /** Kills all processes at once. */
  kill(killer: Killer): void {
    this.killed ??= killer;
    if (this.over) return;
    this.signalGroup('SIGKILL');
    this.killFirst();
  }

  /** Kills the first process of the namespace, and thereby all others. Its process id is still its own, or the process is gone. */
  private killFirst(): void {
    const { namespace } = this;
    if (namespace !== null && !isGone(namespace.pid, namespace.birth)) deliver(namespace.pid, 'SIGKILL');
  }

  /** Records the first process of a container. Returns false if it has already ended. */
  private adopt(): boolean {
    const { id, firstProcess: pid } = this.run;
    if (pid === undefined) return true;
    const birth = birthOf(pid);
    if (birth === null) return false;
    this.namespace = { pid, birth };
    this.send({ type: 'namespace', id, pid, birth });
    return true;
  }

  private spawn(): ChildProcess {
    const { env, cwd, stdin, stdout, stderr, handover } = this.run;
    const argv = this.group?.joined(this.run.argv) ?? this.run.argv;
    const opened: number[] = [];
    // With both ends open, no open(2) blocks, even if the worker has just died. O_NONBLOCK is avoided because the child would inherit it.
    const end = (path: string, flags: number) => {
      const both = openSync(path, constants.O_RDWR);
      opened.push(both);
      const one = openSync(path, flags);
      opened.push(one);
      return one;
    };
    try {
      const streams = [
        stdin === null ? ('ignore' as const) : end(stdin, constants.O_RDONLY),
        end(stdout, constants.O_WRONLY),
        end(stderr, constants.O_WRONLY),
      ];
      const pipes = handover === null ? [] : (['pipe', 'pipe', 'pipe', 'pipe'] as const);
      const [command = '', ...args] = argv;
      return spawn(command, args, { cwd, env: { ...env }, detached: true, stdio: [...streams, ...pipes] });
    } finally {
      for (const fd of opened) closeSync(fd);
    }
  }

  /** bubblewrap reports the first process of the namespace, and at the end the exit status of the command, if it started. */
  private async readStatus(status: Readable): Promise<void> {
    let text = '';
    try {
      for await (const chunk of status) {
        text += String(chunk);
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) this.noteStatus(line);
      }
    } catch {
      // Earlier messages remain valid.
    }
  }

  private noteStatus(line: string): void {
    const report = JSON.parse(line) as { 'child-pid'?: number; 'exit-code'?: number };
    if (report['exit-code'] !== undefined) this.ran = true;
    const pid = report['child-pid'];
    if (pid === undefined) return;
    const birth = birthOf(pid);
    if (birth === null) return;
    this.namespace = { pid, birth };
    this.send({ type: 'namespace', id: this.run.id, pid, birth });
    if (this.watch !== null) void this.holdAndBegin(this.watch, pid);
  }

  private async holdAndBegin(watch: ChildWatch, pid: number): Promise<void> {
    if (await watch.hold(pid)) return this.begin();
    process.stderr.write(`child ${this.run.id} cannot be watched: its file systems in memory are not seen\n`);
    this.kill('closed');
  }

  private begin(): void {
    if (this.gate !== null) give(this.gate, '\0');
  }

  private signal(signal: 'SIGTERM'): void {
    if (this.over || this.process === null) return;
    // In a namespace the step belongs to the group of the first process, which itself ignores SIGTERM. bubblewrap would die of the signal
    // and take the step with it before the step could clean up. The first process of a container is an init that forwards the signal.
    if (this.namespace !== null)
      deliver(this.run.firstProcess === undefined ? -this.namespace.pid : this.namespace.pid, signal);
    else this.signalGroup(signal);
  }

  private signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.process?.pid !== undefined) deliver(-this.process.pid, signal);
  }

  private isEmpty(pid: number): boolean {
    const namespaceIsEmpty = this.namespace === null || isGone(this.namespace.pid, this.namespace.birth);
    if (this.run.handover !== null && this.namespace !== null) return namespaceIsEmpty;
    return killGroup(pid) && namespaceIsEmpty;
  }
}

/** bubblewrap may end before it has read everything. */
function give(pipe: Writable, what: string | Buffer): void {
  pipe.on('error', () => undefined);
  pipe.end(what);
}

function deliver(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has already ended.
  }
}
