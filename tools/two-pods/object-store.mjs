// An S3 server beside the pods: moto, from Debian. It is started by path, because a shim of the same name may come first and not work.
import { createServer } from 'node:net';
import { start, until } from './programs.mjs';

const MOTO = process.env.TASKRUNNER_MOTO ?? '/usr/bin/moto_server';
const BUCKET = 'taskrunner';
const [ID, SECRET] = ['two-pods', 'two-pods-secret'];

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts the server with a bucket. Returns its part of the configuration, and the files of its credentials by name. */
export async function makeObjectStore() {
  const port = await freePort();
  const server = start(MOTO, ['-H', '127.0.0.1', '-p', String(port)]);
  const endpoint = `http://127.0.0.1:${port}`;
  await until('the S3 server answers', async () => (await fetch(`${endpoint}/${BUCKET}`, { method: 'PUT' })).ok);
  const keys = '/run/taskrunner/keys';
  const s3 = {
    ...{ endpoint, bucket: BUCKET, pathStyle: true, spoolDirectory: '/tmp/spool' },
    ...{ accessKeyIdFile: `${keys}/s3-id`, secretAccessKeyFile: `${keys}/s3-secret` },
  };
  return {
    configuration: { artifacts: { store: 's3', s3 } },
    credentials: { 's3-id': ID, 's3-secret': SECRET },
    async objects() {
      const listed = await (await fetch(`${endpoint}/${BUCKET}?list-type=2`)).text();
      return listed.split('<Key>').length - 1;
    },
    stop: () => server.stop(),
  };
}
