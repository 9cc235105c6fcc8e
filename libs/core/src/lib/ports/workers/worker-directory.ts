/** The workers as visible to the webservice: their number, and how many have proven a sandbox profile. */
export abstract class WorkerDirectory {
  abstract enforcing(isolation: string): Promise<{ readonly live: number; readonly honouring: number }>;
}
