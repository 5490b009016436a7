import type { Clock } from '../../platform/clock.ts'
import type { Module } from '../../platform/module.ts'
import { returnLoops } from './return-loops.ts'
import { returnRoutes } from './returns.routes.ts'

export function returnsModule(clock: Clock): Module {
  return {
    name: 'returns',
    routes: returnRoutes(clock),
    permissions: {
      'returns:read': 'See returns, and what they would pay back',
      'returns:create': 'Announce returns and give them up',
      'returns:approve': 'Decide about returns after the window has passed, and end returns as they are',
      'returns:receive': 'Take goods in, say where they go, and pay back what they are owed',
    },
    problems: {
      return_not_allowed: { status: 409, title: 'These units cannot come back', remedy: 'Look at `lines`: ask for no more than is returnable, or wait until the goods have left.' },
      return_state: { status: 409, title: 'The state of the return does not allow it', remedy: 'Look at `allowed_actions` of the return.' },
      return_at_other_location: { status: 409, title: 'The return arrives at another location' },
      receipt_exceeds_return: { status: 409, title: 'More units than are missing', remedy: 'Somebody may have received them already: look at the return again. Units beyond it need a return of their own.' },
      inspection_exceeds_receipt: { status: 409, title: 'More units than wait to be graded' },
      refund_exceeds_return: { status: 409, title: 'More than received units are owed', remedy: 'Ask for at most `refundable`. A gesture of goodwill is a refund of the order, not of the return.' },
      nothing_to_refund: { status: 409, title: 'Nothing to refund' },
    },
    loops: returnLoops,
  }
}
