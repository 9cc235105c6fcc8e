import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Random } from '@taskrunner/core/testing';
import { install, START, VirtualTime } from './virtual-time';

describe('virtual time', () => {
  it('is kept by nothing when the real one is back', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const gone = new WeakRef(installedOnce());
    // Values that were created or read through the reference live until the end of this task.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(gone.deref()).toBeUndefined();
  });

  it('goes on until what its last act began stands still', async () => {
    const time = new VirtualTime(new Random(1));
    const putBack = install(time);
    let ended = 0;
    const act = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
      ended = Date.now();
    };
    time.after(7, () => void act(), null);
    await time.run(START + 1_000, () => true);
    putBack();
    expect(ended).toBe(START + 7);
  });

  it('is the time of globals only while it is installed', async () => {
    const time = new VirtualTime(new Random(1));
    const before = Date.now();
    const putBack = install(time);
    // eslint-disable-next-line no-restricted-properties -- It is read while it stands still.
    const [wall, elapsed] = [Date.now(), performance.now()];
    putBack();
    expect([wall, elapsed]).toEqual([START, 0]);
    expect(Date.now()).toBeGreaterThanOrEqual(before);
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
    expect(time.now).toBe(START);
  });
});

function installedOnce(): VirtualTime {
  const time = new VirtualTime(new Random(1));
  install(time)();
  return time;
}
