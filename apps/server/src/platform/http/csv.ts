/** Tables as files: a header and one record a line, in UTF-8. */
export const CSV = 'text/csv'
