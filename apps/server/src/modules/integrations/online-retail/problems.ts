import type { ProblemTable } from '../../../kernel/problem.ts'

/** Why a whole file is refused. A single line that cannot be used never stops the import; see `reasons.ts`. */
export const problems: ProblemTable = {
  import_file_missing: { status: 404, title: 'The file to import cannot be opened' },
  import_file_damaged: { status: 422, title: 'The compressed file is damaged or cut off' },
  import_file_unsupported: { status: 422, title: 'The file is no CSV text' },
  import_columns_missing: { status: 422, title: 'The file lacks columns that the import needs' },
}
