import { BrandedError } from '@taskrunner/core/foundation';
/** An error as the database driver raises it. */
export class SqlFailure extends BrandedError {
  static {
    this.brand('SqlFailure');
  }

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
