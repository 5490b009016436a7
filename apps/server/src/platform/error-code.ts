/** The code that Node ("ENOENT") and PostgreSQL ("42P04") give their errors; empty where there is none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
