/** How others reach this API: configured, or the address it listens on. */
export class PublicUrl {
  private url: string;

  constructor(configured: string | null) {
    this.url = configured?.replace(/\/$/, '') ?? '';
  }

  /** Without a configured one, the address that was taken at the start. */
  listening(url: string): void {
    if (this.url === '') this.url = url;
  }

  toString(): string {
    return this.url;
  }

  /** Of a run, or of what is below it. */
  run(runId: string, below = ''): string {
    return `${this.url}/api/runs/${runId}${below}`;
  }

  /** Of a schedule, or of what is below it. */
  schedule(scheduleId: string, below = ''): string {
    return `${this.url}/api/schedules/${scheduleId}${below}`;
  }

  /** Of a published pack. */
  pack(name: string, version: string): string {
    return `${this.url}/api/packs/${name}/${encodeURIComponent(version)}`;
  }

  /** The page of a run in the console. */
  console(runId: string): string {
    return `${this.url}/runs/${runId}`;
  }
}
