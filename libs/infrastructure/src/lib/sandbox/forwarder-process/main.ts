// Runs beside a step, in its network namespace: joins connections to 127.0.0.1:<port> with the egress proxy's Unix socket. It decides
// nothing; the proxy does. Says `ready` on its standard output and closes it when it listens; anything else there is why it cannot.
import { closeSync, openSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

const [socketPath = '', port = ''] = process.argv.slice(2);

/** One connection: each half may end before the other; an error on one side ends both. */
function join(inner: Socket): void {
  const outer = connect({ path: socketPath, allowHalfOpen: true });
  inner.on('error', () => outer.destroy()).on('close', () => outer.destroy());
  outer.on('error', () => inner.destroy()).on('close', () => inner.destroy());
  inner.pipe(outer);
  outer.pipe(inner);
}

function say(text: string): void {
  writeSync(1, text);
  // Whoever waits for the end of this output goes on; the numbers are kept taken, so that no connection gets them.
  for (const fd of [1, 2]) {
    closeSync(fd);
    openSync('/dev/null', 'r+');
  }
}

// A stopped step may still want to say goodbye through the proxy: this process ends with the namespace, not before.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined);
createServer({ allowHalfOpen: true }, join)
  .once('error', (error) => {
    say(`the forwarder cannot listen: ${error.message}`);
    process.exit(1);
  })
  .listen({ host: '127.0.0.1', port: Number(port) }, () => say('ready'));
