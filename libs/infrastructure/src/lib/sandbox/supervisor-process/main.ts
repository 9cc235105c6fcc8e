// The supervisor: one process per worker, in its own session. It starts all children, and kills them when the deadline passes or the
// worker's pipe closes. The children of a killed, stopped or disconnected worker are therefore dead before another worker may claim its
// runs.
import { closeSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Child } from './child';
import { sweepGroups } from './memory-group';
import { Processes } from './process-table';
import { monotonicMs, type FromSupervisor, type Killer, type ToSupervisor } from './protocol';

const [pipes = '', watchMs = '500', delegated = ''] = process.argv.slice(2);
/** Node treats a longer delay as none. */
const LONGEST_MS = 2 ** 31 - 1;
const children = new Map<number, Child>();
let deadline = Infinity;
let timer: NodeJS.Timeout | undefined;
let watching: NodeJS.Timeout | undefined;

const send = (message: FromSupervisor): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

function killAll(killer: Killer): void {
  for (const child of children.values()) child.kill(killer);
}

function renew(until: number): void {
  deadline = until;
  clearTimeout(timer);
  timer = setTimeout(checkDeadline, Math.min(Math.max(0, until - monotonicMs()), LONGEST_MS));
}

/** A timer may fire slightly early. While the deadline has passed, children that start late are killed too. */
function checkDeadline(): void {
  const left = deadline - monotonicMs();
  if (left > 0) {
    timer = setTimeout(checkDeadline, Math.min(left, LONGEST_MS));
    return;
  }
  killAll('deadline');
  send({ type: 'expired', until: deadline });
}

function obey(message: ToSupervisor): void {
  switch (message.type) {
    case 'renew':
      return renew(message.until);
    case 'stop':
      return children.get(message.id)?.stop(message.graceMs);
    case 'run': {
      if (deadline <= monotonicMs()) {
        send({ type: 'refused', id: message.id, code: 'SUPERVISOR_EXPIRED', message: 'the deadline has passed' });
        return;
      }
      const child = new Child(message, send, delegated === '' ? null : delegated);
      children.set(message.id, child);
      watching ??= setInterval(lookAtAll, Number(watchMs));
      void child.live().finally(() => {
        children.delete(message.id);
        if (children.size === 0) watching = void clearInterval(watching);
        if (closed && children.size === 0) leave();
      });
    }
  }
}

/** Checks every child. The process list is read once for all of them. */
function lookAtAll(): void {
  let listed: Processes | null = null;
  for (const child of children.values()) void child.look(() => (listed ??= Processes.now()));
}

let closed = false;
/** The worker is gone or requests the end: kills all children, waits for their end, and exits. */
function close(): void {
  closed = true;
  killAll('closed');
  if (children.size === 0) leave();
}

function leave(): void {
  if (pipes !== '') rmSync(pipes, { recursive: true, force: true });
  process.exit(0);
}

/** Descriptors that this worker inherited would be inherited by every step. Node's own are close-on-exec. */
function closeInherited(): void {
  let open: string[];
  try {
    open = readdirSync('/proc/self/fdinfo').filter((fd) => Number(fd) > 2);
  } catch {
    return;
  }
  for (const fd of open) {
    try {
      const flags = /^flags:\t([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '';
      if ((parseInt(flags, 8) & 0o2000000) === 0) closeSync(Number(fd));
    } catch {
      // Already closed: the descriptor of the listing itself.
    }
  }
}

closeInherited();
if (delegated !== '') sweepGroups(delegated);
// The worker decides about the shutdown. Signals meant for it must not kill its children first.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined);
process.stdout.on('error', close);
process.stdin.on('error', close);
createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on('line', (line) => obey(JSON.parse(line) as ToSupervisor))
  .on('close', close);
