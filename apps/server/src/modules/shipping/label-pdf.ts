import { unreachable } from '../../kernel/assert.ts'
import { encodeBarcode } from './barcode.ts'
import { layoutLabel, type Label, type LabelMark, type LabelSize } from './label.ts'
import { openPaper, type Paper } from './paper.ts'
import type { FontSet } from './fonts.ts'

/** A PDF with one page for each label, in their order. */
export async function renderLabelPdf(labels: readonly [Label, ...Label[]], options: { size: LabelSize; fonts?: FontSet }): Promise<Uint8Array> {
  const first = labels[0]
  const title = labels.length === 1 ? `Label ${first.tracking_number}` : `${labels.length} labels`
  const paper = openPaper({ ...options, title, created_at: first.created_at })
  for (const label of labels) {
    paper.addPage()
    for (const mark of layoutLabel(label, options.size, paper.measure)) drawMark(paper, mark)
  }
  return await paper.finish()
}

// Quiet zone left and right of Code 128, in modules (ISO/IEC 15417).
const QUIET_MODULES = 10
// The widest module that still looks like a label and not like a poster, in points (0.5 mm).
const MAX_MODULE = 1.42

function drawMark(paper: Paper, mark: LabelMark): void {
  switch (mark.kind) {
    case 'block':
      return paper.block(mark.x, mark.y, mark.width, mark.height)
    case 'code128': {
      const code = encodeBarcode('code128', mark.text)
      if (code.kind !== 'linear') return
      // The page margin is quiet zone too, so the modules may be as wide as the box when they are few.
      const module = Math.min(MAX_MODULE, mark.width / (code.module_count + QUIET_MODULES))
      const width = module * code.module_count
      return paper.barcode(code, { x: mark.x + (mark.width - width) / 2, y: mark.y, width, height: mark.height })
    }
    case 'text':
      return paper.line(mark.text, { ...mark, ...(mark.inverse ? { color: '#fff' } : {}) })
    default:
      return unreachable(mark)
  }
}
