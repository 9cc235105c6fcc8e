// What planner, environment, evidence and worker know of the executor of this platform. It is plain data: the webservice loads nothing else of it.
import type { ExecutorDescriptor } from '@taskrunner/core/plan';

/** `uses: "ext:deployment@1.0.0"`: deploys a version of a service. A second deployment of the same version changes nothing. */
export const DEPLOYMENT: ExecutorDescriptor = {
  uses: 'ext:deployment@1.0.0',
  behaviour: 1,
  effects: 'idempotent',
  parameters: {
    service: { schema: { type: 'string', pattern: '^[a-z][a-z0-9-]*$' }, required: true },
    version: { schema: { type: 'string' }, required: true },
  },
  declares: false,
  outputs: {
    from: 'schema',
    schema: {
      type: 'object',
      properties: { service: { type: 'string' }, receipt: { type: 'string' } },
      required: ['service', 'receipt'],
      additionalProperties: false,
    },
  },
};
