import type { Json } from '@taskrunner/core/foundation';
import { CONFIGURATION } from './configuration';
import { variableOf } from './environment-variables';
import type { Fields, Key } from './key';
import { printFields } from './kinds';
import { printYaml } from './yaml-text';

const HEAD = `# Configuration of TaskRunner. This file lists every key with its default. A key that is omitted has its default; unknown keys are refused.
# The configuration file is the one that --config names, otherwise the one that TASKRUNNER_CONFIG names, otherwise /etc/taskrunner/task-runner.yaml.
# An environment variable can override each key. Its name is TASKRUNNER_ followed by the path of the key in capitals, with words separated by _,
# such as ${variableOf(['http', 'healthPort'])} or ${variableOf(['approvals', 'floor', 'minApprovals'])}. Lists are written as JSON.
# Durations: 500ms, 90s, 30m, 4h, 7d. Sizes: 64KiB, 24MiB, 1GiB. Secrets are stored in separate files; the configuration contains only their paths.
`;

/** The text of `etc/task-runner.yaml.sample`, generated from the table of keys, so that the two cannot differ. */
export function printSample(): string {
  return `${HEAD}${Object.entries(CONFIGURATION)
    .map(([name, entry]) => `\n${printEntries({ [name]: entry }, '')}`)
    .join('')}`;
}

function printEntries(fields: Fields, indent: string): string {
  return Object.entries(fields)
    .map(([name, entry]) =>
      entry.is === 'section'
        ? `${indent}# ${entry.about}\n${indent}${name}:\n${printEntries(entry.fields, `${indent}  `)}`
        : `${comment(entry, indent)}${indent}${name}: ${written(entry.kind.print(entry.absent))}\n${example(entry, indent)}`,
    )
    .join('');
}

function comment({ about, unit }: Key<unknown>, indent: string): string {
  return `${indent}# ${about}${unit === null ? '' : ` Unit: ${unit}.`}\n`;
}

/** The keys of a list's items, as a comment. */
function example({ kind: { item } }: Key<unknown>, indent: string): string {
  if (item === undefined) return '';
  const lines = Object.entries(item).flatMap(([name, entry], index) => {
    if (entry.is === 'section') return [];
    const value = written(
      (printFields({ [name]: entry }, { [name]: entry.absent }) as Record<string, Json>)[name] ?? null,
    );
    const unit = entry.unit === null ? '' : ` Unit: ${entry.unit}.`;
    return [`${index === 0 ? '- ' : '  '}${name}: ${value}  # ${entry.about}${unit}`];
  });
  return lines.map((line) => `${indent}#   ${line}\n`).join('');
}

function written(value: Json): string {
  return printYaml(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 });
}
