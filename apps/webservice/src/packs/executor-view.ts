import type { JsonObject } from '@taskrunner/core/foundation';
import { availableExecutors, type ExecutorDescriptor } from '@taskrunner/core/plan';
import type { PlanningSetting } from '@taskrunner/core/operations';

type PlanningEnvironment = PlanningSetting['environment'];

/** The executors of this installation in the form of the API. They do not change while the service runs. */
export abstract class OfferedExecutors {
  abstract readonly items: readonly JsonObject[];
}

/** The executors that packs may use here, sorted by `uses`, in the form of the API. */
export function executorsIn({ environment, sealedEnvironment }: PlanningSetting): readonly JsonObject[] {
  const environments = [environment, ...(sealedEnvironment ? [sealedEnvironment] : [])];
  const all = new Map(environments.flatMap((one) => availableExecutors(one).map((found) => [found.uses, found])));
  return [...all.keys()].sort().map((uses) => toExecutor(all.get(uses) as ExecutorDescriptor, environments));
}

function toExecutor(descriptor: ExecutorDescriptor, environments: readonly PlanningEnvironment[]): JsonObject {
  const { uses, behaviour, effects, effectsBy, outputs, declares, sandboxed } = descriptor;
  return {
    uses,
    version: behaviour,
    builtin: uses.startsWith('builtin:'),
    effects: {
      loosest: effects,
      by: effectsBy
        ? { parameter: effectsBy.parameter, absent: effectsBy.absent, usual: { ...effectsBy.usual } }
        : null,
    },
    sandboxed: sandboxed === true,
    environments: environments
      .filter((one) => availableExecutors(one).some((found) => found.uses === uses))
      .map(({ mode, isolation }) => ({ mode, isolation: sandboxed === true ? isolation : null })),
    parameters: parametersSchema(descriptor),
    outputs: { from: outputs.from, schema: outputs.from === 'schema' ? outputs.schema : null, declared: declares },
  };
}

/** A JSON Schema of `with`, as far as values are known before expressions are evaluated. */
function parametersSchema({ parameters }: ExecutorDescriptor): JsonObject {
  if (parameters === null) return { type: 'object' };
  const all = Object.entries(parameters);
  return {
    type: 'object',
    properties: Object.fromEntries(all.map(([name, { schema }]) => [name, schema])),
    required: all.filter(([, { required }]) => required === true).map(([name]) => name),
    additionalProperties: false,
  };
}
