/** Why a request is not served: an HTTP status, a code, words, and more members for the answer (RFC 9457). */
export class Refusal extends Error {
  constructor(status, code, detail, more = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}
