import { CodedError } from '../foundation/coded-error';

/** Codes of this layer. A released code never changes meaning. */
export type ExpressionErrorCode =
  /** Not an expression of the pack language. */
  | 'EXPR_SYNTAX'
  /** `{{` without its `}}`. */
  | 'EXPR_UNCLOSED'
  /** Too long, too deeply nested, or too many tokens. */
  | 'EXPR_LIMIT'
  /** Takes too many steps, by estimate or in evaluation. */
  | 'EXPR_COST'
  /** Unknown name. */
  | 'EXPR_UNKNOWN_NAME'
  /** Unknown function. */
  | 'EXPR_UNKNOWN_FUNCTION'
  /** A function called with too few or too many arguments. */
  | 'EXPR_ARGUMENTS'
  /** A value of a type that is not allowed here. */
  | 'EXPR_TYPE'
  /** A value of the right type that is not usable: a division by zero, a negative width. */
  | 'EXPR_VALUE'
  /** Null inside a text. */
  | 'EXPR_NULL'
  /** Reads the whole scope, or reads a root of the pack where only an element is in scope. */
  | 'EXPR_ROOT'
  /** `{{` where expressions are not allowed. */
  | 'EXPR_NOT_ALLOWED';

/** A fault of one expression. The reader of the pack converts `offset` into line and column. */
export interface ExpressionFault {
  readonly code: ExpressionErrorCode;
  readonly message: string;
  readonly remediation: string;
  /** UTF-16 offset within the text that was passed in. */
  readonly offset: number;
}

/** An error during the evaluation of an expression. `offset` is within its canonical text. Messages name types, never values. */
export class ExpressionError extends CodedError<ExpressionErrorCode> {
  static {
    this.brand('ExpressionError');
  }

  override readonly name = 'ExpressionError';

  constructor(
    code: ExpressionErrorCode,
    message: string,
    remediation: string,
    readonly offset: number,
  ) {
    super(code, message, remediation);
  }
}
