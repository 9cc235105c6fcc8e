// A bucket on our own S3 server, behind a proxy that can close connections, refuse, delay, or report that it is busy.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pause, until } from './waiting.mjs';

const PROGRAM = '/usr/bin/moto_server';
const NAME = 'chaos';
const SLOWEST_MS = 3_000;

export class ObjectBucket {
  #trouble = null;

  static async start(folder) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not installed (Debian: python3-moto)`);
    const port = await freePort();
    const child = spawn(PROGRAM, ['-H', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: tmpdir() },
    });
    const made = () => fetch(`http://127.0.0.1:${port}/${NAME}`, { method: 'PUT', headers: AUTHORIZED });
    if (!(await until(async () => (await made()).ok, 30_000))) throw new Error('the S3 server does not answer');
    const bucket = new ObjectBucket(folder, port, child);
    bucket.door.listen(0, '127.0.0.1');
    await once(bucket.door, 'listening');
    return bucket;
  }

  constructor(folder, port, child) {
    Object.assign(this, { folder, port, child });
    this.door = createServer((request, response) => this.#pass(request, response));
    for (const name of ['id', 'secret']) writeFileSync(join(folder, name), 'anything', { mode: 0o600 });
  }

  /** Configuration for the services. */
  get configuration() {
    const endpoint = `http://127.0.0.1:${this.door.address().port}`;
    const keys = { accessKeyIdFile: join(this.folder, 'id'), secretAccessKeyFile: join(this.folder, 'secret') };
    const spoolDirectory = join(this.folder, 'spool');
    return {
      store: 's3',
      s3: { endpoint, bucket: NAME, pathStyle: true, attempts: 2, timeout: '2s', spoolDirectory, ...keys },
    };
  }

  get troubles() {
    return ['away', 'read-only', 'busy', 'silent', 'slow'];
  }

  begin(trouble) {
    if (trouble === 'silent') this.child.kill('SIGSTOP');
    else this.#trouble = trouble;
  }

  end(trouble) {
    if (trouble === 'silent') this.child.kill('SIGCONT');
    else this.#trouble = null;
  }

  /** Copies all objects into a folder in the layout of a file store, for readers of that layout. */
  async copyTo(folder) {
    const at = `http://127.0.0.1:${this.port}/${NAME}`;
    const read = async (path) => (await fetch(`${at}${path}`, { headers: AUTHORIZED })).arrayBuffer();
    for (let token = ''; token !== null;) {
      const more = token === '' ? '' : `&continuation-token=${encodeURIComponent(token)}`;
      const page = Buffer.from(await read(`?list-type=2&prefix=t/${more}`)).toString();
      for (const [, key] of page.matchAll(/<Key>([^<]*)<\/Key>/g)) {
        const hex = key.slice(key.lastIndexOf('/') + 1);
        const path = join(folder, dirname(key), hex.slice(0, 2), hex);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, Buffer.from(await read(`/${key}`)));
      }
      token = /<NextContinuationToken>([^<]*)</.exec(page)?.[1] ?? null;
    }
  }

  async stop() {
    this.door.closeAllConnections();
    this.door.close();
    this.child.kill('SIGCONT');
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }

  async #pass(request, response) {
    const isWrite = request.method !== 'GET' && request.method !== 'HEAD';
    if (this.#trouble === 'away') return request.socket.destroy();
    if (this.#trouble === 'busy') return refuse(request, response, 503, 'SlowDown');
    if (this.#trouble === 'read-only' && isWrite) return refuse(request, response, 403, 'AccessDenied');
    if (this.#trouble === 'slow') await pause(Math.random() * SLOWEST_MS);
    const { method, url: path, headers } = request;
    const passed = ask({ host: '127.0.0.1', port: this.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => request.socket.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  }
}

const AUTHORIZED = { authorization: 'AWS anybody:anything' };

function refuse(request, response, status, code) {
  request.resume().on('end', () => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(request.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
  });
}

async function freePort() {
  const listener = createListener();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
