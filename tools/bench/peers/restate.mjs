// Restate: W invocations of a handler of S durable steps, C in flight, with its own storage in a temporary folder. Prints
// {steps_per_second, p50_ms}. Its server is a binary of an npm package, which is measured here and never shipped.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuOf } from '../processes.mjs';
import { lanes, size } from './sizes.mjs';

process.env.RESTATE_LOGGING = 'ERROR';
// The SDK needs features of Node.js 22.
Promise.withResolvers ??= function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
const restate = await import('@restatedev/restate-sdk');

const { steps } = size;
const bench = restate.service({
  name: 'bench',
  handlers: {
    run: async (context) => {
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += await context.run(`s${i}`, () => i);
      return sum;
    },
  },
});

const [ingress, admin, node, service] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
const endpoint = createHttp2Server(restate.createEndpointHandler({ services: [bench] }));
await new Promise((resolve) => endpoint.listen(service, '127.0.0.1', resolve));
const folder = mkdtempSync(join(tmpdir(), 'bench-restate-'));
const binary = createRequire(import.meta.url).resolve(
  `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
);
const server = spawn(binary, ['--base-dir', folder, '--node-name', 'bench'], {
  stdio: ['ignore', 'ignore', 'ignore'],
  env: {
    ...process.env,
    // Folders that it leaves are deleted with its own.
    TMPDIR: folder,
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
    RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
    RESTATE_LOG_FILTER: 'error',
    DO_NOT_TRACK: '1',
  },
});
const leave = () => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
};
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => {
    leave();
    process.exit(1);
  });
try {
  const registration = { uri: `http://127.0.0.1:${service}`, force: true };
  await untilAnswered(`http://127.0.0.1:${admin}/deployments`, registration, 60_000);
  const invoke = () => untilAnswered(`http://127.0.0.1:${ingress}/bench/run`, null, 30_000);
  for (let i = 0; i < 20; i++) await invoke();
  await lanes('restate', invoke, () => cpuOf(server.pid));
} finally {
  leave();
}
process.exit(0);

/** Repeats a POST until it is accepted. A starting server refuses requests for a while. */
async function untilAnswered(url, body, limitMs) {
  const request = {
    method: 'POST',
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  };
  for (const end = Date.now() + limitMs; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const response = await fetch(url, request).catch(() => null);
    if (response?.ok) return response.text();
    if (Date.now() > end) throw new Error(`${url} does not accept: ${(await response?.text()) ?? 'no answer'}`);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
