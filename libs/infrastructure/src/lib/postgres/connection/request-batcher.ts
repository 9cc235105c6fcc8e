import { BatchPause, SEVERAL } from './batch-pause';

interface Waiting<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit for requests: requests that arrive while the same work is in progress, or shortly after a batch of several, are executed
 * together with all others that arrived by then. A second batch starts beside the first one only with several requests, because a statement for one
 * costs nearly as much as one for ten. A single request never waits.
 */
export class RequestBatcher<Asked, Answer> {
  private waiting: Waiting<Asked, Answer>[] = [];
  private readonly pause = new BatchPause(() => this.pump());
  private active = 0;

  /** @param work returns the answers in order, or rejects for all. */
  constructor(
    private readonly work: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
    private readonly limits: { readonly atOnce: number; readonly most: number },
  ) {}

  ask(asked: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ asked, resolve, reject });
      this.pump();
    });
  }

  private pump(): void {
    while (this.active < this.limits.atOnce && this.waiting.length > 0) {
      if (this.active > 0 && this.waiting.length < SEVERAL) return;
      if (this.pause.holds(this.waiting.length)) return;
      const group = this.waiting.splice(0, this.limits.most);
      this.pause.sent(group.length);
      this.active++;
      void this.do(group).finally(() => {
        this.active--;
        this.pause.ended(group.length);
        this.pump();
      });
    }
  }

  private async do(group: readonly Waiting<Asked, Answer>[]): Promise<void> {
    try {
      const answers = await this.work(group.map(({ asked }) => asked));
      group.forEach(({ resolve }, i) => resolve(answers[i] as Answer));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
