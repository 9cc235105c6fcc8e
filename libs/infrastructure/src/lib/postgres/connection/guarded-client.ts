import type { Duplex } from 'node:stream';
import { Client, type ClientConfig } from 'pg';

/**
 * The server's answer contains something that this process cannot hold, such as a text of more than 512 MiB. Only the statement that asked for
 * it fails.
 */
class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
  readonly code = 'DB_ANSWER_UNREADABLE';

  constructor(override readonly cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

/** The part of a stream that the parser of the driver uses. */
interface Source {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
}

/** The method of the driver's connection that begins to parse a stream. With TLS, the driver calls it with the secure stream. */
interface Parsing {
  attachListeners(stream: Source): void;
}

/**
 * The client of every connection on which the product reads rows. The driver parses answers in a listener of the socket, where an error that it
 * throws would end the process. Here such an error closes the connection: the statements in progress are rejected with `UnreadableAnswer`,
 * and the pool opens another connection.
 */
export class GuardedClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const parsing = this.connection as unknown as Parsing;
    const attach = parsing.attachListeners.bind(parsing);
    parsing.attachListeners = (stream) => attach(guarded(stream as Duplex));
  }
}

/** A stream whose listeners of data close it if they throw. */
function guarded(stream: Duplex): Source {
  return {
    on: (event, listener) =>
      stream.on(event, (...values: unknown[]) => {
        if (event !== 'data') return listener(...values);
        try {
          listener(...values);
        } catch (error) {
          stream.destroy(new UnreadableAnswer(error));
        }
      }),
  };
}
