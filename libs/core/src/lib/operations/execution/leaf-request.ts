import type { RunId } from '../../foundation/ids';
import type { ExecutionRequest } from '../../ports/step/executor';
import { idempotencyKey } from '../../step/idempotency-key';

type Bound = Pick<ExecutionRequest, 'with' | 'env' | 'files'>;
type Place = Omit<ExecutionRequest, keyof Bound | 'key' | 'signal'>;

/**
 * What a leaf is executed with. Key and signal are created on demand, because most executors that act only in the journal do not need them.
 * A class, because an object with accessors of its own has no hidden class that others share.
 */
export class LeafRequest implements ExecutionRequest {
  readonly run: ExecutionRequest['run'];
  readonly step: ExecutionRequest['step'];
  readonly attempt: number;
  readonly execution: number;
  readonly node: ExecutionRequest['node'];
  readonly with: ExecutionRequest['with'];
  readonly env: ExecutionRequest['env'];
  readonly files: ExecutionRequest['files'];
  readonly secrets: ExecutionRequest['secrets'];
  readonly redactor: ExecutionRequest['redactor'];
  readonly storage: ExecutionRequest['storage'];

  constructor(
    private readonly runId: RunId,
    place: Place,
    bound: Bound,
    private readonly abort: Pick<AbortController, 'signal'>,
  ) {
    this.run = place.run;
    this.step = place.step;
    this.attempt = place.attempt;
    this.execution = place.execution;
    this.node = place.node;
    this.with = bound.with;
    this.env = bound.env;
    this.files = bound.files;
    this.secrets = place.secrets;
    this.redactor = place.redactor;
    this.storage = place.storage;
  }

  get key(): string {
    return idempotencyKey(this.runId, this.step, this.attempt);
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }
}
