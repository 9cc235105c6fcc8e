/** A refused request: HTTP status, code, message, and further members of the response (RFC 9457). */
export class Refusal extends Error {
  constructor(status, code, detail, more = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}
