// Runs beside a step in its network namespace and forwards connections to 127.0.0.1:<port> to the egress proxy's Unix socket. All decisions
// are the proxy's. It prints `ready` and closes its standard output when it listens; any other output is an error message.
import { closeSync, openSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

const [socketPath = '', port = ''] = process.argv.slice(2);

/** One connection. Each direction may end first; an error on one side closes both. */
function join(inner: Socket): void {
  const outer = connect({ path: socketPath, allowHalfOpen: true });
  inner.on('error', () => outer.destroy()).on('close', () => outer.destroy());
  outer.on('error', () => inner.destroy()).on('close', () => inner.destroy());
  inner.pipe(outer);
  outer.pipe(inner);
}

function say(text: string): void {
  writeSync(1, text);
  // The end of this output starts the step. The descriptors stay occupied, so that no connection receives their numbers.
  for (const fd of [1, 2]) {
    closeSync(fd);
    openSync('/dev/null', 'r+');
  }
}

// A stopped step may still need the proxy to shut down cleanly. This process therefore ends with the namespace.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined);
createServer({ allowHalfOpen: true }, join)
  .once('error', (error) => {
    say(`the forwarder cannot listen: ${error.message}`);
    process.exit(1);
  })
  .listen({ host: '127.0.0.1', port: Number(port) }, () => say('ready'));
