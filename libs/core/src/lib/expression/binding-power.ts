import type { BinaryOperator } from './syntax';

/** How strongly what stands between two values binds, weakest first (JMESPath Community, but `[` binds as `.` does). */
export const POWER = {
  pipe: 1,
  choice: 2,
  or: 3,
  and: 4,
  compare: 5,
  add: 6,
  multiply: 7,
  flatten: 9,
  star: 20,
  filter: 21,
  path: 40,
} as const;

/** The binding power of each operator. */
export const OPERATOR_POWER: Readonly<Record<BinaryOperator, number>> = {
  or: POWER.or,
  and: POWER.and,
  '==': POWER.compare,
  '!=': POWER.compare,
  '<': POWER.compare,
  '<=': POWER.compare,
  '>': POWER.compare,
  '>=': POWER.compare,
  '+': POWER.add,
  '-': POWER.add,
  '*': POWER.multiply,
  '/': POWER.multiply,
  '//': POWER.multiply,
  '%': POWER.multiply,
};

/** True if `text` is an operator between two values. */
export function isBinaryOperator(text: string): text is BinaryOperator {
  return Object.hasOwn(OPERATOR_POWER, text);
}
