/** Whether a part of a process is ready, and why not. */
interface Answer {
  readonly ready: boolean;
  readonly reason: string | null;
}

/** Readiness of the parts that an application has beside its own, such as a worker in the process of a webservice. */
export class FurtherReadiness {
  private readonly parts: (() => Promise<Answer>)[] = [];

  add(part: () => Promise<Answer>): void {
    this.parts.push(part);
  }

  /** The first part that is not ready; otherwise ready. */
  async ready(): Promise<Answer> {
    for (const part of this.parts) {
      const answer = await part();
      if (!answer.ready) return answer;
    }
    return { ready: true, reason: null };
  }
}
