/** Whether a part of a process is ready, and why not. */
export interface PartReadiness {
  readonly ready: boolean;
  readonly reason: string | null;
}

/** Parts of a process by name, and how to ask them. */
export type ReadinessParts = Readonly<Record<string, () => Promise<PartReadiness>>>;

const READY: PartReadiness = { ready: true, reason: null };

/** Readiness of the parts that an application has beside its own, such as a worker in the process of a webservice. */
export class FurtherReadiness {
  private readonly added: Record<string, () => Promise<PartReadiness>> = {};

  add(name: string, part: () => Promise<PartReadiness>): void {
    this.added[name] = part;
  }

  /** These parts and the added ones. A part that both have is ready if both say so. */
  with(own: ReadinessParts): ReadinessParts {
    const parts: Record<string, () => Promise<PartReadiness>> = { ...own };
    for (const [name, added] of Object.entries(this.added)) {
      const ask = own[name];
      parts[name] = async () => {
        const answer = ask === undefined ? READY : await ask();
        return answer.ready ? added() : answer;
      };
    }
    return parts;
  }
}
