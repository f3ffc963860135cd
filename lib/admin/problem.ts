/** Error answers of the admin API: problem details (RFC 9457). */

export class AdminProblem extends Error {
  readonly status: number
  readonly code: string
  /** Further fields of the response head. */
  readonly headers: Readonly<Record<string, string>>

  /**
   * @param code stable name of the problem, for programs.
   * @param detail what happened this time and what to do, for people.
   */
  constructor (status: number, code: string, detail: string, headers: Record<string, string> = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
  }

  toJSON (): object {
    return {
      type: `tag:fnlb,2026:admin:${this.code}`,
      title: this.code.replaceAll('_', ' '),
      status: this.status,
      detail: this.message,
      code: this.code
    }
  }
}
