import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkerSession } from '@taskrunner/core/ports';
import { Lease, type LeaseLoss } from './lease';

describe('a lease that is over', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'lease-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const lossOf = async (program: string): Promise<LeaseLoss> => {
    const path = join(folder, 'thread.js');
    writeFileSync(path, program);
    const workerSession = { id: '', leaseMs: 8_000 } as unknown as WorkerSession;
    let lease: Lease | undefined;
    const loss = await new Promise<LeaseLoss>((resolve) => {
      lease = new Lease('postgresql://x', workerSession, { onRenewed: () => undefined, onLost: resolve }, path);
    });
    await lease?.stop();
    return loss;
  };

  it('names the error of the thread that renewed it', async () => {
    expect(await lossOf(`throw new Error('out of descriptors')`)).toMatchObject({
      reason: 'thread-failed',
      error: { message: 'out of descriptors' },
    });
  });

  it('says that another worker has swept it', async () => {
    const program = `
      const { parentPort } = require('node:worker_threads');
      parentPort.on('message', (message) => message === 'stop' && parentPort.close());
      parentPort.postMessage({ held: false, at: 0, sent: 0n });`;
    expect(await lossOf(program)).toEqual({ reason: 'swept' });
  });
});

const threads: Worker[] = [];
afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.terminate())));

it('the thread ends when it is told to, and does not wait for its next renewal', async () => {
  const workerSession = { id: '', leaseMs: 8_000 } as unknown as WorkerSession;
  const workerData = { url: 'postgresql://127.0.0.1:1/x', workerSession, renewEveryMs: 2 ** 31 - 1, silenceMs: 20_000 };
  const thread = new Worker(join(__dirname, '../../dist/lease/lease-thread.js'), { workerData });
  threads.push(thread);
  await once(thread, 'online');
  thread.postMessage('stop');
  expect(await once(thread, 'exit')).toEqual([0]);
});
