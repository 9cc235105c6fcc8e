import type { Fault } from '@taskrunner/core/foundation';

/** Codes of the faults of a configuration, besides those of any document (`DOC_…`). */
type ConfigurationFaultCode = keyof typeof REMEDIES;

/** Remedy of each fault, by code. */
export const REMEDIES = {
  CONFIG_UNREADABLE: 'Set --config or TASKRUNNER_CONFIG to a readable file.',
  CONFIG_UNKNOWN_KEY: 'Remove the key. etc/task-runner.yaml.sample lists all keys.',
  CONFIG_MISSING_KEY: 'Add the key.',
  CONFIG_TYPE: 'Use a value of the type shown in etc/task-runner.yaml.sample.',
  CONFIG_RANGE: 'Use a value within the range.',
  CONFIG_FORMAT: 'Use the format shown in etc/task-runner.yaml.sample.',
  CONFIG_CHOICE: 'Use one of the allowed values.',
  CONFIG_CONFLICT: 'Change one of the two values.',
  CONFIG_UNSAFE: 'Development settings work only on loopback. Elsewhere, configure a real Authority.',
  CONFIG_FILE: 'Correct the path, or the file. It must be readable for the user of the service.',
  CONFIG_KEY_USE: 'Use a key of its own for each use.',
  CONFIG_UNREACHABLE:
    'Check the URL, the network and the certificate from the machine of the webservice. Tokens of this issuer are refused while its key set cannot be read.',
  CONFIG_VARIABLE_UNKNOWN: 'Correct or remove the environment variable.',
} as const;

/** Collects faults. Their pointers refer to the configuration file. */
export interface Notes {
  /**
   * `involved`: pointers of the values concerned; default: `at`. A fault about several keys is left out if one of them was refused on its
   * own, because its value is unknown.
   */
  fault(
    code: ConfigurationFaultCode,
    at: string,
    message: string,
    remediation?: string,
    involved?: readonly string[],
  ): void;
  readonly warn: Warn;
}

/** Adds a warning: the configuration can be used. */
export type Warn = (code: ConfigurationFaultCode, at: string, message: string, remediation?: string) => void;

/** A fault without a position in a file: of a variable, or of a file that cannot be read. */
export function placeless(code: ConfigurationFaultCode, path: string, message: string, remediation?: string): Fault {
  return { code, path, line: null, column: null, message, remediation: remediation ?? REMEDIES[code] };
}
