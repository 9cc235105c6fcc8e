import { LastOut } from './last-out';

const counted = () => {
  let closed = 0;
  const out = new LastOut(async () => {
    closed += 1;
  });
  return { out, closed: () => closed };
};

describe('LastOut', () => {
  it('closes after the last user, whether it is told to before or after', async () => {
    const { out, closed } = counted();
    const [first, second] = [out.enter(), out.enter()];
    await first();
    await out.close();
    expect(closed()).toBe(0);
    await first();
    expect(closed()).toBe(0);
    await second();
    expect(closed()).toBe(1);
    await out.close();
    expect(closed()).toBe(1);
  });

  it('stays open for the next user until it is told to close', async () => {
    const { out, closed } = counted();
    await out.enter()();
    expect(closed()).toBe(0);
    await out.close();
    expect(closed()).toBe(1);
  });
});
