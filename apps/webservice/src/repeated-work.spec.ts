import type { Logger } from '@nestjs/common';
import { RepeatedWork } from './repeated-work';

class Turns extends RepeatedWork {
  constructor(
    logger: Logger,
    private readonly results: (Error | null)[],
    private readonly over: () => void,
  ) {
    super(logger, { failed: 'work.failed', works: 'work.works-again' });
  }

  protected turn(): Promise<boolean> {
    const result = this.results.shift();
    if (this.results.length === 0) this.over();
    return result ? Promise.reject(result) : Promise.resolve(false);
  }

  protected pause(): number {
    return 0;
  }
}

it('an outage of many turns is logged once for each reason, and once when it is over', async () => {
  const said: unknown[] = [];
  const say = (line: unknown) => void said.push(line);
  const logger = { error: say, log: say } as unknown as Logger;
  const [away, refused] = [new Error('away'), new Error('refused')];
  await new Promise<void>((resolve) => {
    const turns = new Turns(logger, [null, away, away, refused, away, null, null, away, null], () =>
      resolve(turns.onApplicationShutdown()),
    );
    turns.onApplicationBootstrap();
  });
  expect(said).toEqual([
    { event: 'work.failed', reason: 'away' },
    { event: 'work.failed', reason: 'refused' },
    { event: 'work.works-again' },
    { event: 'work.failed', reason: 'away' },
    { event: 'work.works-again' },
  ]);
});
