import { nearestName } from '../foundation/nearest-name';
import { describe, mayBe, type CelType } from './cel-type';
import type { PolicyFault } from './policy';

const MEMBERS = ['allow', 'reasons'];
const SHAPE = "write {'allow': <boolean>, 'reasons': [<string>, …]}";

/** Why values of this type are not an answer of a policy, which is a boolean or exactly `{allow, reasons}`. Null if they may be. */
export function resultFault(type: CelType): Omit<PolicyFault, 'offset'> | null {
  const fault = (message: string, remediation = SHAPE): Omit<PolicyFault, 'offset'> => ({
    code: 'POLICY_RESULT',
    message,
    remediation,
  });
  if (type.kinds === null || type.kinds.has('bool')) return null;
  if (!type.kinds.has('map'))
    return fault(
      `the result is ${describe(type)}, not a boolean or {allow, reasons}`,
      'compare it, such as x > 0 or x == true',
    );
  const { fields, closed } = type;
  if (fields === undefined) return null;
  const names = [...fields.keys()];
  if (closed === true) {
    for (const name of MEMBERS) {
      if (fields.has(name)) continue;
      const near = nearestName(
        name,
        names.filter((one) => !MEMBERS.includes(one)),
      );
      return fault(
        `the result has no \`${name}\``,
        near === null ? SHAPE : `write \`${name}\` in place of \`${near}\``,
      );
    }
  }
  const more = names.find((name) => !MEMBERS.includes(name));
  if (more !== undefined && type.literal === true)
    return fault(`the result has \`${more}\` in addition to \`allow\` and \`reasons\``);
  const [allow, reasons] = MEMBERS.map((name) => fields.get(name));
  if (allow !== undefined && !mayBe(allow, 'bool'))
    return fault(`\`allow\` of the result is ${describe(allow)}, not a boolean`);
  if (reasons !== undefined && !mayBe(reasons, 'list'))
    return fault(`\`reasons\` of the result is ${describe(reasons)}, not a list`);
  if (reasons?.filled === true && reasons.items !== undefined && !mayBe(reasons.items, 'string'))
    return fault(`\`reasons\` of the result contains ${describe(reasons.items)}, not strings`);
  return null;
}
