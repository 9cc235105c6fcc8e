import { CliError } from '../terminal/cli-error';
import { localVariables } from './local-configuration';

type Variables = Readonly<Record<string, string | undefined>>;
type Settings = Readonly<Record<string, string>>;

/** Variables that say where programs of this machine are, and what is logged. They may change while a run is interrupted. */
const OF_MACHINE = /^TASKRUNNER_(TELEMETRY_.*|SANDBOX_(BUBBLEWRAP|CGROUP)|CONTAINER_PODMAN_PATH)$/;

/**
 * The settings that a run keeps: it was admitted with them, and fails with others. None is secret, because the variables that can contain a
 * password are those of the database, which are refused. Throws `CLI_CONFIG`.
 */
export function keptSettings(env: Variables): Settings {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(localVariables(env)))
    if (value !== undefined && !OF_MACHINE.test(name)) kept[name] = value;
  return kept;
}

/**
 * The variables for a run that goes on: those of `env`, with the settings that the run has kept. Throws `CLI_CONFIG` if a variable sets what
 * the run was started without, or with another value. `kept` undefined: an earlier version started the run.
 */
export function resumedVariables(env: Variables, kept: Settings | undefined, runId: string): Variables {
  const variables = localVariables(env);
  if (kept === undefined) return variables;
  const faults = Object.entries(keptSettings(env))
    .filter(([name, value]) => kept[name] !== value)
    .map(([name, value]) => `${name}: ${kept[name] === undefined ? 'not set' : kept[name]} at the start, now ${value}`);
  if (faults.length === 0) return { ...variables, ...kept };
  throw new CliError(
    'CLI_CONFIG',
    `${runId} goes on with the settings that it was started with. ${faults.join('; ')}`,
    'Unset the variable, or start another run.',
  );
}
