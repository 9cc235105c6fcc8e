/** The public URL of this API: the configured one, or the address on which it listens. */
export class PublicUrl {
  private url: string;

  constructor(configured: string | null) {
    this.url = configured?.replace(/\/$/, '') ?? '';
  }

  /** Without a configured URL, the address that was bound at the start. */
  listening(url: string): void {
    if (this.url === '') this.url = url;
  }

  toString(): string {
    return this.url;
  }

  /** Path of this URL, without a slash at its end: empty, unless a proxy serves the API below a path. */
  get path(): string {
    return new URL(this.url).pathname.replace(/\/$/, '');
  }

  /** URL of a run, or of a resource below it. */
  run(runId: string, below = ''): string {
    return `${this.url}/api/runs/${runId}${below}`;
  }

  /** URL of a schedule, or of a resource below it. */
  schedule(scheduleId: string, below = ''): string {
    return `${this.url}/api/schedules/${scheduleId}${below}`;
  }

  /** URL of a published pack. */
  pack(name: string, version: string): string {
    return `${this.url}/api/packs/${name}/${encodeURIComponent(version)}`;
  }

  /** URL of a run's page in the console. */
  console(runId: string): string {
    return `${this.url}/console/runs/${runId}`;
  }
}
