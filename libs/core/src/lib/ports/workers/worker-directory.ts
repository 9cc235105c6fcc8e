/** The workers as the webservice may know them: only how many there are, and how many have proven a sandbox profile. */
export abstract class WorkerDirectory {
  abstract enforcing(isolation: string): Promise<{ readonly live: number; readonly honouring: number }>;
}
