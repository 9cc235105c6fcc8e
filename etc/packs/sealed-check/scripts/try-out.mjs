// Each way out that a program might take. An attempt that connects is an escape, unless it is the listed host through the proxy.
import { lookup } from 'node:dns/promises';
import { createSocket } from 'node:dgram';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';

const LIMIT_MS = 3_000;
const LISTED = 'mirror.example.org';
const proxy = process.env.HTTPS_PROXY ? new URL(process.env.HTTPS_PROXY) : null;

/** `ok` and what came of it. */
function within(work) {
  const late = new Promise((resolve) => setTimeout(resolve, LIMIT_MS, { ok: false, said: 'no answer' }).unref());
  return Promise.race([work.catch((error) => ({ ok: false, said: error.code ?? error.message })), late]);
}

function tcp(options, first = null) {
  return new Promise((resolve) => {
    const socket = connect(options);
    const done = (ok, said) => (socket.destroy(), resolve({ ok, said }));
    socket.once('error', (error) => done(false, error.code ?? error.message));
    socket.once('connect', () => (first === null ? done(true, 'connected') : socket.write(first)));
    socket.once('data', (data) => {
      const [status] = String(data).split('\r\n');
      done(/ 2\d\d /.test(status), status);
    });
    socket.once('close', () => done(false, 'closed'));
  });
}

function through(host, port) {
  if (proxy === null) return Promise.resolve({ ok: false, said: 'no proxy' });
  const asked = `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`;
  return tcp({ host: proxy.hostname, port: Number(proxy.port) }, asked);
}

function udp(host, port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const done = (ok, said) => (socket.close(), resolve({ ok, said }));
    socket.once('error', (error) => done(false, error.code));
    socket.once('message', () => done(true, 'answered'));
    socket.send('hello', port, host, (error) => error && done(false, error.code));
  });
}

const read = async (path) => {
  readFileSync(path);
  return { ok: true, said: 'read' };
};

const attempts = {
  'the host of a web server, directly': () => tcp({ host: '192.0.2.1', port: 443 }),
  'the same over IPv6': () => tcp({ host: '2001:db8::1', port: 443 }),
  'this machine, PostgreSQL': () => tcp({ host: '127.0.0.1', port: 5432 }),
  'the metadata service': () => tcp({ host: '169.254.169.254', port: 80 }),
  'a name server': () => udp('192.0.2.53', 53),
  'a name': async () => ({ ok: true, said: (await lookup('exfil.example.net')).address }),
  'an abstract socket': () => tcp({ path: '\0/tmp/.X11-unix/X0' }),
  'another host through the proxy': () => through('exfil.example.net', 443),
  'a private address through the proxy': () => through('10.0.0.1', 443),
  'the listed host at another port through the proxy': () => through(LISTED, 22),
  'the passwords of this machine': () => read('/etc/shadow'),
  'the keys of the worker': () => read('/etc/taskrunner/keys/run-sealed.pem'),
};

const results = [];
for (const [name, attempt] of Object.entries(attempts)) {
  const { ok, said } = await within(attempt());
  console.log(`${ok ? 'ESCAPED' : 'denied '}  ${name}: ${said}`);
  results.push({ name, ok, said: String(said) });
}
const listed = await within(through(LISTED, 443));
console.log(`listed   ${LISTED}:443: ${listed.said}`);

mkdirSync('out', { recursive: true });
writeFileSync('out/attempts.json', JSON.stringify({ results, listed }, null, 2));
writeFileSync(
  process.env.TASKRUNNER_OUTPUTS,
  JSON.stringify({ attempts: results.length, escaped: results.filter(({ ok }) => ok).map(({ name }) => name) }),
);
process.exit(0);
