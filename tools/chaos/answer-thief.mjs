// A proxy between a process and PostgreSQL. Now and then a statement is executed and committed, and its response is lost with the
// connection. Reads the unencrypted frontend/backend protocol (PostgreSQL, chapter "Message Formats").
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

/** Probabilities of a lost response, for statements whose loss leaves their execution unknown. Named like their `.sql` files. */
export const WRITES = {
  flush: 0.25,
  'append-chunks': 0.2,
  // Sent constantly, mostly without effect.
  'claim-runs': 0.02,
  'release-run': 0.3,
  'seal-runs': 0.2,
  // The same statement for a single run.
  'seal-run': 0.2,
  'take-outbox': 0.02,
  'create-runs': 0.2,
  'decide-gate': 0.3,
  'post-message': 0.3,
  'resolve-attention': 0.3,
};

const IDLE = 'I'.charCodeAt(0);

/**
 * Parses the messages of one direction and calls `onMessage(type, body)` for each complete one. The first message of a client has no type.
 */
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

/** The name of the prepared statement in a Bind message. */
export function statementOf(body) {
  const portal = body.indexOf(0);
  // The suffix after the file's name lists the prepared parts.
  return body.toString('utf8', portal + 1, body.indexOf(0, portal + 1)).split(' ')[0];
}

/**
 * Forwards everything except the responses that `steals(statement)` selects. `onStolen(statement)` is called for a committed statement
 * whose sender does not receive the response.
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
