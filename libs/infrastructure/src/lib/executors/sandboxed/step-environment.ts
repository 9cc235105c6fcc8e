import type { ExecutionRequest } from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';
import { secretText } from '../step/secret-text';

type Environment = { readonly [name: string]: string };

/**
 * The environment variables of a child (docs/guides/writing-packs.md, Executors): those of the sandbox, the pack's `env`, and those that describe this execution.
 * None of the worker's own are included. The planner refuses reserved names; they are refused here again.
 */
export function stepEnvironment(
  sandbox: Environment,
  request: ExecutionRequest,
  traceparent: string | null,
): Environment {
  const own = { ...request.env, ...secretVariables(request) };
  for (const [name, value] of Object.entries(own))
    if (!/^[A-Z_][A-Z0-9_]*$/.test(name) || /^LD_|_PROXY$|^TASKRUNNER_/.test(name) || value.includes('\0'))
      throw refusal('ENV_REFUSED', `a step cannot set the environment variable ${JSON.stringify(name)}`);
  const { run, step, attempt, key } = request;
  return {
    ...sandbox,
    ...own,
    TASKRUNNER_RUN_ID: run.runId,
    TASKRUNNER_STEP_ID: step,
    TASKRUNNER_ATTEMPT: String(attempt),
    TASKRUNNER_PLAN_HASH: run.planHash,
    TASKRUNNER_IDEMPOTENCY_KEY: key,
    ...(traceparent === null ? {} : { TRACEPARENT: traceparent }),
  };
}

/** Secrets that the step requested as variables. */
function secretVariables({ node, secrets }: ExecutionRequest): Environment {
  const variables: Record<string, string> = {};
  for (const { name, env } of node.secrets) {
    const value = secrets.get(name);
    if (env === null || value === undefined) continue;
    variables[env] = secretText(name, value);
  }
  return variables;
}
