import { createInterface } from 'node:readline';
import { AttemptSocket } from './attempt-socket';
import type { FromProxy, ToProxy } from './protocol';
import { resolverOf } from './resolver';

// The egress proxy: a process without credentials and without environment variables. Arguments: the user and group to switch to if it is
// root, and the name servers. It reads commands from standard input and exits at the end of that stream, which closes all egress sockets.

const [user = '', ...servers] = process.argv.slice(2);
if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(Number(user));
  process.setuid?.(Number(user));
}

const resolve = resolverOf(servers);
const sockets = new Map<number, AttemptSocket>();
const say = (message: FromProxy): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

async function obey(order: ToProxy): Promise<void> {
  const { id } = order;
  if (order.type === 'open') {
    const socket = new AttemptSocket(order, resolve, (attempt) => say({ type: 'attempt', id, attempt }));
    try {
      await socket.listen();
    } catch (error) {
      return say({ type: 'refused', id, message: error instanceof Error ? error.message : String(error) });
    }
    sockets.set(id, socket);
    return say({ type: 'opened', id });
  }
  await sockets.get(id)?.close();
  sockets.delete(id);
  say({ type: 'closed', id });
}

createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on('line', (line) => void obey(JSON.parse(line) as ToProxy))
  .on('close', () => process.exit(0));
// The worker is gone and reads no more output.
process.stdout.on('error', () => process.exit(1));
