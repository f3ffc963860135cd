/** What can happen. `subject` and `stamp` of an event mean what is said beside its kind. */

/** Caller `subject` calls. */
export const EVENT_ARRIVAL = 0
/** Some call at node `subject` ends a step; holds only if `stamp` is the node's present one. */
export const EVENT_NODE_STEP = 1
/** The waiting half of a container's start for call `subject` is over; holds only if `stamp` is the call's number
 * of starts. */
export const EVENT_STARTED = 2
/** Balancer `stamp` probes node `subject`. */
export const EVENT_PROBE = 3
/** Call `subject` was refused and is placed again. */
export const EVENT_PLACE_AGAIN = 4
/** Call `subject` has waited long enough; holds only if `stamp` is the call's number of waits. */
export const EVENT_WAITED = 5
/** The load of all nodes is sampled. */
export const EVENT_SAMPLE = 6
/** Node `subject` is lost. */
export const EVENT_NODE_LOST = 7
/** Node `subject` comes up, for the first time or again. */
export const EVENT_NODE_UP = 8
