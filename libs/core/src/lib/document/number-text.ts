import type { DocumentFaultCode } from './document-fault';

const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/**
 * What is wrong with a number as written, or null. Only the grammar of JSON is accepted (RFC 8259 §6), so that `014`, `0x1F`,
 * `+5`, `.inf` do not mean one thing here and another elsewhere; and the double must print as the same decimal value.
 */
export function numberFault(text: string): DocumentFaultCode | null {
  if (!JSON_NUMBER.test(text)) return 'DOC_NUMBER_FORM';
  const value = Number(text);
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return 'DOC_NUMBER_RANGE';
  return decimal(text) === decimal(String(value)) ? null : 'DOC_NUMBER_PRECISION';
}

/** The normal form of a decimal number: `-12.50e1` becomes `-125e0`. */
function decimal(text: string): string {
  const [mantissa = '', exponent = '0'] = text
    .toLowerCase()
    .replace('-', (sign, at) => (at === 0 ? '' : sign))
    .split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  if (end === 0) return '0';
  const sign = text.startsWith('-') ? '-' : '';
  return `${sign}${digits.slice(0, end)}e${Number(exponent) - fraction.length + (digits.length - end)}`;
}
