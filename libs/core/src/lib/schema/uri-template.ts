import { PRIVATE_CHARACTERS, UCS_CHARACTERS } from './iri-characters';

const VARIABLE = '(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*(?::[1-9][0-9]{0,3}|\\*)?';
const EXPRESSION = new RegExp(`^[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*$`);
const LITERAL = new RegExp(`^(?:[!#$&-;=?-[\\]_a-z~${UCS_CHARACTERS}${PRIVATE_CHARACTERS}]|%[0-9A-Fa-f]{2})*$`, 'u');

/** RFC 6570 §2, with the erratum that allows an apostrophe. */
export function isUriTemplate(text: string): boolean {
  for (let rest = text; ;) {
    const open = rest.indexOf('{');
    if (!LITERAL.test(open < 0 ? rest : rest.slice(0, open))) return false;
    if (open < 0) return true;
    const close = rest.indexOf('}', open);
    if (close < 0 || !EXPRESSION.test(rest.slice(open + 1, close))) return false;
    rest = rest.slice(close + 1);
  }
}
