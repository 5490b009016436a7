/** The carrier that every installation has: own vans or a courier without an interface, priced by a table. */
export const IN_HOUSE = 'inhouse'
export const IN_HOUSE_NAME = 'Switchyard Delivery'
