import type { Command } from 'commander';

/**
 * Refuses a second value of an option that has one value, in all commands of a program. Otherwise, the last value would count, and the others
 * would be ignored without a word. Options that collect their values are not affected.
 */
export function refuseSecondValues(command: Command): void {
  for (const option of command.options) {
    if (!option.required && !option.optional) continue;
    let hasValue = false;
    command.on(`option:${option.name()}`, (value: string | null) => {
      const isCollected = Array.isArray(command.getOptionValue(option.attributeName()));
      if (hasValue && !isCollected)
        command.error(`error: option '${option.flags}' has one value, and was given again: ${value ?? ''}`);
      hasValue = true;
    });
  }
  for (const inner of command.commands) refuseSecondValues(inner);
}
