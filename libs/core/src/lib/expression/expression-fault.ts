import { CodedError } from '../foundation/coded-error';

/** Codes of this floor. A released code never changes meaning. */
export type ExpressionErrorCode =
  /** Not an expression of the pack language. */
  | 'EXPR_SYNTAX'
  /** `{{` without its `}}`. */
  | 'EXPR_UNCLOSED'
  /** Too long, too deep, too many parts. */
  | 'EXPR_LIMIT'
  /** Would take too many steps, or does. */
  | 'EXPR_COST'
  /** A name that is not there. */
  | 'EXPR_UNKNOWN_NAME'
  /** A function that is not there. */
  | 'EXPR_UNKNOWN_FUNCTION'
  /** A function called with too few or too many arguments. */
  | 'EXPR_ARGUMENTS'
  /** A value of a type that cannot stand there. */
  | 'EXPR_TYPE'
  /** A value of the right type that cannot be used: a division by zero, a negative width. */
  | 'EXPR_VALUE'
  /** Null inside a text. */
  | 'EXPR_NULL'
  /** Reads the whole scope, or a root of the pack where only an element is in scope. */
  | 'EXPR_ROOT'
  /** `{{` where no expression is read. */
  | 'EXPR_NOT_ALLOWED';

/** What is wrong with one expression. The reader of the pack turns `offset` into line and column. */
export interface ExpressionFault {
  readonly code: ExpressionErrorCode;
  readonly message: string;
  readonly remediation: string;
  /** UTF-16 offset within the text that was given. */
  readonly offset: number;
}

/** A refusal while an expression is evaluated; `offset` is within its canonical text. Messages name types, never values. */
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
