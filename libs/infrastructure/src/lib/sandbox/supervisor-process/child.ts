import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { birthOf, isGone, killGroup } from './process-table';
import type { FromSupervisor, Killer, ToSupervisor } from './protocol';

type Run = Extract<ToSupervisor, { type: 'run' }>;

/** One child and everything it started: a session and process group of its own, or a pid namespace. */
export class Child {
  private process: ChildProcess | null = null;
  private namespace: { readonly pid: number; readonly birth: string } | null = null;
  private ran = false;
  private killed: Killer | null = null;
  private over = false;

  constructor(
    private readonly run: Run,
    private readonly tell: (message: FromSupervisor) => void,
  ) {}

  /** Starts it; resolves when nothing of it is left. Tells the worker `started`, then `exit`, or only `refused`. */
  async live(): Promise<void> {
    const { id, handover } = this.run;
    let child: ChildProcess;
    if (!this.adopt()) {
      this.tell({ type: 'refused', id, code: 'START_FAILED', message: 'the container ended before it was started' });
      return;
    }
    try {
      child = this.spawn();
    } catch (error) {
      this.tell({
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
      this.tell({ type: 'refused', id, code: 'START_FAILED', message: (await failed).message });
      return;
    }
    this.process = child;
    this.tell({ type: 'started', id, pid });
    let status = Promise.resolve();
    if (handover === null) this.ran = true;
    else {
      give(child.stdio[4] as Writable, handover.options.map((option) => `${option}\0`).join(''));
      give((child.stdio as readonly unknown[])[5] as Writable, Buffer.from(handover.seccomp, 'base64'));
      status = this.readStatus(child.stdio[3] as Readable);
    }
    const { code, signal } = await ended;
    await status;
    // Neither a container nor the first process of a namespace ends with what has started it, if that was killed while it built.
    this.killFirst();
    while (!this.isEmpty(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    this.over = true;
    this.tell({ type: 'exit', id, code, signal, killed: this.killed, ran: this.ran });
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
    this.tell({ type: 'namespace', id, pid, birth });
    return true;
  }

  private spawn(): ChildProcess {
    const { argv, env, cwd, stdin, stdout, stderr, handover } = this.run;
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
      const pipes = handover === null ? [] : (['pipe', 'pipe', 'pipe'] as const);
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
    this.tell({ type: 'namespace', id: this.run.id, pid, birth });
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
