import type { IncomingMessage, Server, ServerResponse } from 'node:http';

const WAITING = new WeakMap<IncomingMessage, ServerResponse>();

/**
 * Leaves `Expect: 100-continue` to those who read a body (RFC 9110 section 10.1.1). Node.js would tell every client to send its body, also one
 * that is then refused for its token, its scope or the stated length of the body.
 */
export function delayContinue(server: Server): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    WAITING.set(request, response);
    server.emit('request', request, response);
  });
}

/** Tells a client that waits for it to send the body. Called before the body is read. */
export function sendContinue(request: IncomingMessage): void {
  const response = WAITING.get(request);
  WAITING.delete(request);
  if (response !== undefined && !response.headersSent) response.writeContinue();
}
