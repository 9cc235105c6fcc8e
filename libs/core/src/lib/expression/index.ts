export { EXPRESSION_BEHAVIOUR } from './expression';
export { ExpressionError, type ExpressionErrorCode } from './expression-fault';
export { evaluateTemplate } from './json-template';
