import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Submitter } from './submitter.mjs';

test('a connection that the server resets while it is idle is replaced', async () => {
  const sockets = new Set();
  const server = createServer((request, response) => {
    sockets.add(request.socket);
    request.resume().on('end', () => response.writeHead(201, { 'content-length': 17 }).end('{"runId":"run_1"}'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const submitter = new Submitter(`http://127.0.0.1:${server.address().port}/api/runs`, 'token');
  try {
    for (const connections of [1, 2]) {
      assert.deepEqual(await submitter.submit({ a: 1 }), { runId: 'run_1' });
      assert.equal(sockets.size, connections);
      for (const socket of sockets) socket.resetAndDestroy();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    submitter.close();
    server.close();
  }
});
