/** Whether a part of a process is ready, and why not. */
export interface PartReadiness {
  readonly ready: boolean;
  readonly reason: string | null;
}

/** Parts of a process by name, and how to ask them. */
export type ReadinessParts = Readonly<Record<string, () => Promise<PartReadiness>>>;

/** Readiness of the parts that an application has beside its own, such as a worker in the process of a webservice. */
export class FurtherReadiness {
  private readonly added: Record<string, () => Promise<PartReadiness>> = {};

  add(name: string, part: () => Promise<PartReadiness>): void {
    this.added[name] = part;
  }

  get parts(): ReadinessParts {
    return this.added;
  }
}
