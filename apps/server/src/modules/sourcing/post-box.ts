/** Post office boxes of English, German, French, Spanish, Italian and Dutch addresses; military post is reached the same way. */
const POST_BOX = /\b(p\.?\s*o\.?\s*box|post\s*office\s*box|postfach|bo[iî]te\s*postale|b\.?p\.?\s*\d|apartado(\s*de\s*correos)?|casella\s*postale|postbus|apo|fpo|dpo)\b/iu

/** Whether the address is a box at a post office, where carriers of parcels do not come. */
export function isPostBox({ line1, line2 }: { line1: string; line2?: string | undefined }): boolean {
  return POST_BOX.test(line1) || (line2 !== undefined && POST_BOX.test(line2))
}
