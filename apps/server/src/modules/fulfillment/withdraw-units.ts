import { moveUnits, type FulfillmentPort } from '../orders/index.ts'
import { findShipmentsOfFulfillmentOrders, voidShipments } from '../shipping/index.ts'
import { lockFulfillmentOrders, workOfOrder, writeFulfillmentOrders } from './fulfillment.db.ts'
import { workEvent } from './journal.ts'
import { showUnits } from './release.ts'
import { decideWithdraw } from './withdraw.ts'
import { applyChange } from './work.ts'

/** How canceled units leave the work of locations. Runs in the order's command, which holds the order. */
export const withdrawUnits: FulfillmentPort['withdraw'] = async (tx, order_id, takes, now) => {
  if (takes.every(({ take }) => take.released === undefined && take.picked === undefined && take.packed === undefined)) return { withdrawn: [], events: [] }
  const works = await lockFulfillmentOrders(tx, (await workOfOrder(tx, order_id)).map(({ id }) => id))
  const withdrawals = decideWithdraw(works, takes, now).map((withdrawal) => ({ ...withdrawal, after: applyChange(withdrawal.work, withdrawal.change) }))
  const opened = withdrawals.filter(({ opens_boxes }) => opens_boxes).map(({ work }) => work.id)
  const boxes = opened.length === 0 ? [] : (await findShipmentsOfFulfillmentOrders(tx, opened)).filter(({ status }) => status === 'label_purchased')
  await writeFulfillmentOrders(tx, withdrawals.map(({ after }) => after))
  await voidShipments(tx, boxes.map(({ id }) => id))
  await moveUnits(tx, withdrawals.flatMap(({ change }) => (change.moves ?? []).map((move) => ({ order_id, ...move }))), now)
  return {
    withdrawn: withdrawals.flatMap(({ work, withdrawn }) => withdrawn.map((units) => ({ location_id: work.location_id, ...units }))),
    events: withdrawals.map(({ after, withdrawn }) => workEvent(after, after.status === 'canceled' ? 'canceled' : 'reduced', { lines: showUnits(withdrawn) })),
  }
}
