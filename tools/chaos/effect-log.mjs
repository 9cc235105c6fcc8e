// The outside world: a server on loopback that records the effects of steps. A line is appended and synchronised before the request is
// answered, and is never removed: the referee uses it to detect duplicate and lost effects.
import { appendFileSync, closeSync, constants, fsyncSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { pause } from './waiting.mjs';

/** Starts the server. `file`: the log; `random`: delays of responses, so that many are in flight when a process dies. */
export async function startEffectLog(file, random) {
  const kept = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  const effects = [];
  const server = createServer((request, response) => {
    request.resume().on('end', async () => {
      const [, kind, run, step] = request.url.split('/').map(decodeURIComponent);
      const effect = { kind, run, step, key: request.headers['idempotency-key'] ?? null, at: Date.now() };
      appendFileSync(kept, `${JSON.stringify(effect)}\n`);
      fsyncSync(kept);
      effects.push(effect);
      await pause(random.between(0, 40));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ n: effects.length }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    effects,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      closeSync(kept);
    },
  };
}
