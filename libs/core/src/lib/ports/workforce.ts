import type { Digest } from '../foundation/ids';

/** The workers as the webservice may know them: only how many there are, and how many honour an environment. */
export abstract class Workforce {
  abstract honouring(environment: Digest): Promise<{ readonly live: number; readonly honouring: number }>;
}
