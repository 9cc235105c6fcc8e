import type { Json } from '@taskrunner/core/foundation';

/** The run of most examples. */
export const RUN = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef';
/** An earlier run of the same pack. */
export const RUN_BEFORE = 'run_01kb3s9m5t8wq4yhn6z0c7d9ef';
export const BASE = 'https://runner.example.org/api';

/** A digest that consists of one digit. */
export const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

/** A signed envelope (DSSE). */
export const envelope: Json = {
  payload: 'e30=',
  payloadType: 'application/vnd.taskrunner.decision+json',
  signatures: [{ keyid: 'SHA256:3Wq0', sig: 'c2ln' }],
};

/** A small pack. */
export const manifest =
  'apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: {name: hello, version: 1.0.0}\nspec:\n  steps:\n    - id: greet\n      run: {uses: builtin:noop}\n';
