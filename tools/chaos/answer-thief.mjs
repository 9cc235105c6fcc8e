// Between a process and PostgreSQL: now and then a statement is executed and committed, and its answer is lost with the connection. Reads
// the frontend/backend protocol (PostgreSQL, chapter "Message Formats"), unencrypted.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

/** How often an answer is stolen of statements whose loss leaves it unknown whether they were executed; named like their `.sql` files. */
export const WRITES = {
  flush: 0.25,
  'append-chunks': 0.2,
  // Sent constantly, mostly without effect.
  'claim-runs': 0.02,
  'release-run': 0.3,
  'seal-run': 0.2,
  'take-outbox': 0.02,
  'create-runs': 0.2,
  'decide-gate': 0.3,
  'post-message': 0.3,
  'resolve-attention': 0.3,
};

const IDLE = 'I'.charCodeAt(0);

/** Messages of one direction: calls `onMessage(type, body)` for each complete one. The first one of a client has no type. */
export function messageReader(onMessage, isClient) {
  let kept = Buffer.alloc(0);
  let isFirst = isClient;
  return (data) => {
    kept = kept.length === 0 ? data : Buffer.concat([kept, data]);
    for (;;) {
      const head = isFirst ? 0 : 1;
      if (kept.length < head + 4) return;
      const size = head + kept.readUInt32BE(head);
      if (kept.length < size) return;
      onMessage(isFirst ? '' : String.fromCharCode(kept[0]), kept.subarray(head + 4, size));
      isFirst = false;
      kept = kept.subarray(size);
    }
  };
}

/** The prepared statement that a Bind message names. */
export function statementOf(body) {
  const portal = body.indexOf(0);
  // The suffix after the file's name says which parts of it were prepared.
  return body.toString('utf8', portal + 1, body.indexOf(0, portal + 1)).split(' ')[0];
}

/**
 * Passes everything on except the answers that `steals(statement)` selects. `onStolen(statement)`: it was committed, and its sender does
 * not know.
 */
export async function startAnswerThief({ port, steals, onStolen }) {
  const open = new Set();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let stolen = null;
    let hasFailed = false;
    const fromClient = messageReader((type, body) => {
      if (type !== 'B' || stolen !== null) return;
      const statement = statementOf(body);
      if (steals(statement)) stolen = statement;
    }, true);
    const fromServer = messageReader((type, body) => {
      if (stolen === null) return;
      if (type === 'E') hasFailed = true;
      // Idle, outside of a transaction: the statement was committed or has failed.
      if (type !== 'Z' || body[0] !== IDLE) return;
      if (!hasFailed) onStolen(stolen);
      near.resetAndDestroy();
      far.destroy();
    }, false);
    for (const [end, other] of [
      [near, far],
      [far, near],
    ]) {
      open.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        open.delete(end);
        other.destroy();
      });
    }
    near.on('data', (data) => {
      fromClient(data);
      far.write(data);
    });
    far.on('data', (data) => {
      fromServer(data);
      if (stolen === null && !near.destroyed) near.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    async stop() {
      for (const end of open) end.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
