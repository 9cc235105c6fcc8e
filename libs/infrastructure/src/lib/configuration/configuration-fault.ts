import type { Fault } from '@taskrunner/core';

/** Everything that can be wrong with a configuration, beside what makes the file no document (`DOC_…`). */
export type ConfigurationFaultCode = keyof typeof REMEDIES;

/** What to do about each fault: code → remediation. */
export const REMEDIES = {
  CONFIG_UNREADABLE: 'Name a readable file with --config or TASKRUNNER_CONFIG.',
  CONFIG_UNKNOWN_KEY: 'Remove the key; etc/task-runner.yaml.sample holds every key there is.',
  CONFIG_MISSING_KEY: 'Add the key.',
  CONFIG_TYPE: 'Write a value of the kind that etc/task-runner.yaml.sample shows.',
  CONFIG_RANGE: 'Choose a value inside the range.',
  CONFIG_FORMAT: 'Write the value as etc/task-runner.yaml.sample shows.',
  CONFIG_CHOICE: 'Choose one of the values.',
  CONFIG_CONFLICT: 'Change one of the two values.',
  CONFIG_UNSAFE: 'Development settings work on loopback only; configure a real Authority elsewhere.',
  CONFIG_VARIABLE_UNKNOWN: 'Correct or remove the environment variable.',
} as const;

/** Collects faults; pointers given to it are those of the configuration file. */
export interface Notes {
  /**
   * `involved`: pointers of the values that it is about; `at` unless told. What is said of several keys together is left out where
   * one of them was refused by itself: its value is not known.
   */
  fault(
    code: ConfigurationFaultCode,
    at: string,
    message: string,
    remediation?: string,
    involved?: readonly string[],
  ): void;
}

/** A fault without a place in a file: of a variable, or of a file that cannot be read. */
export function placeless(code: ConfigurationFaultCode, path: string, message: string, remediation?: string): Fault {
  return { code, path, line: null, column: null, message, remediation: remediation ?? REMEDIES[code] };
}
