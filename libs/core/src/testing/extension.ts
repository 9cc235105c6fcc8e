import type { ExecutorDescriptor } from '../lib/plan/executor-descriptor';
import type { Environment } from '../lib/plan/profile';

/** An executor of a platform team: it returns a greeting. */
export const GREETING: ExecutorDescriptor = {
  uses: 'ext:greeting@1.0.0',
  behaviour: 1,
  effects: 'idempotent',
  parameters: {
    name: { schema: { type: 'string', minLength: 1 }, required: true },
    tone: { schema: { enum: ['formal', 'warm'] }, reading: 'plain' },
  },
  declares: false,
  outputs: {
    from: 'schema',
    schema: {
      type: 'object',
      properties: { text: { type: 'string' } },
      required: ['text'],
      additionalProperties: false,
    },
  },
};

/** The environment with that executor, whose descriptor is changed. */
export function extended(environment: Environment, change: Partial<ExecutorDescriptor> = {}): Environment {
  const descriptor = { ...GREETING, ...change };
  return {
    ...environment,
    executors: { ...environment.executors, [descriptor.uses]: descriptor.behaviour },
    extensions: { [descriptor.uses]: descriptor },
  };
}
