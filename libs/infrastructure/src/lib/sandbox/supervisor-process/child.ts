import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { StepExcess } from '@taskrunner/core/ports';
import { ChildWatch } from './child-watch';
import { MemoryGroup } from './memory-group';
import { birthOf, descendantsOf, isGone, killGroup, type Processes } from './process-table';
import type { FromSupervisor, Killer, ToSupervisor } from './protocol';

type Run = Extract<ToSupervisor, { type: 'run' }>;

/** One child and everything it started: a session and process group of its own, or a pid namespace. */
export class Child {
  private process: ChildProcess | null = null;
  private namespace: { readonly pid: number; readonly birth: string } | null = null;
  private ran = false;
  private killed: Killer | null = null;
  private over = false;
  private group: MemoryGroup | null = null;
  private watch: ChildWatch | null = null;
  /** bubblewrap waits for what comes through it before it starts the step. */
  private gate: Writable | null = null;
  private excess: StepExcess | null = null;

  /** `delegated`: control group in which groups for children can be made; null: none, memory is watched. */
  constructor(
    private readonly run: Run,
    private readonly send: (message: FromSupervisor) => void,
    private readonly delegated: string | null = null,
  ) {}

  /** Starts it; resolves when nothing of it is left. Tells the worker `started`, then `exit`, or only `refused`. */
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
    // Neither a container nor the first process of a namespace ends with what has started it, if that was killed while it built.
    this.killFirst();
    while (!this.isEmpty(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    this.over = true;
    // A stop that comes while it is looked at for the last time comes too late.
    const killed = (await this.endWatch(code)) ? this.killed : 'closed';
    this.send({ type: 'exit', id, code, signal, killed, ran: this.ran, excess: this.excess ?? undefined });
  }

  /** Kills it if it uses more than it may. */
  async look(processes: () => Processes): Promise<void> {
    const first = this.run.firstProcess ?? this.process?.pid;
    if (this.watch === null || first === undefined || this.over || this.killed !== null) return;
    try {
      this.excess ??= await this.watch.look(first, () => this.family(first, processes));
    } catch (error) {
      // Whom nobody can watch does not go on.
      process.stderr.write(`child ${this.run.id} cannot be watched: ${String(error)}\n`);
      return this.kill('closed');
    }
    if (this.excess !== null) this.kill('limit');
  }

  /** In a namespace nobody loses a parent to a process outside of it; elsewhere all processes must be asked. */
  private family(first: number, processes: () => Processes): readonly number[] {
    return (this.namespace === null ? null : descendantsOf(first)) ?? processes().familyOf(first);
  }

  private beginWatch(): void {
    const { id, watch, firstProcess } = this.run;
    if (watch === undefined) return;
    // What a container's engine has started is in no group of ours.
    if (this.delegated !== null && watch.memoryBytes !== null && firstProcess === undefined)
      this.group = MemoryGroup.make(this.delegated, id, watch.memoryBytes);
    this.watch = new ChildWatch(watch, this.group);
    // A container that was made has its file systems already; it starts after this.
    if (this.namespace !== null) void this.watch.hold(this.namespace.pid);
  }

  /** Looks once more, unless somebody else has ended it. False if that cannot be done. */
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

  /** Asks the step itself to end, then makes it. */
  stop(graceMs: number): void {
    this.killed ??= 'stop';
    this.signal('SIGTERM');
    setTimeout(() => this.kill('stop'), graceMs).unref();
  }

  /** Kills everything at once. */
  kill(killer: Killer): void {
    this.killed ??= killer;
    if (this.over) return;
    this.signalGroup('SIGKILL');
    this.killFirst();
  }

  /** Kills the first process of the namespace, and with it all that is in there. Its number is still its own, or it is gone. */
  private killFirst(): void {
    const { namespace } = this;
    if (namespace !== null && !isGone(namespace.pid, namespace.birth)) deliver(namespace.pid, 'SIGKILL');
  }

  /** Notes the first process of a container; false if it is over already. */
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
    // With both ends open no open(2) blocks, even if the worker has just died; and no O_NONBLOCK that the child would inherit.
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

  /** bubblewrap says which process is first in the namespace, and at the end how the command exited, if it ever began. */
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
      // What was read before counts.
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
    // In a namespace the step is in the group of its first process, which ignores SIGTERM itself; bubblewrap would die of one and
    // take the step with it before it could tidy up.
    // A container's first process is an init that hands the signal on.
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

/** bubblewrap may have ended before it has read it all. */
function give(pipe: Writable, what: string | Buffer): void {
  pipe.on('error', () => undefined);
  pipe.end(what);
}

function deliver(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Over already.
  }
}
