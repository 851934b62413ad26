/// Envoy's HTTP filters, as far as the proxy has them: what may happen to a request between its
/// route's choice and its way there. Enter at [HttpFilter]; the listener gives the order
/// ([FilterSlot]), a route may give other settings ([FilterOverride]).
///
/// Settings and their counts are shared by all event loops, verdicts are values: whoever runs the
/// filters does what they say.
@NullMarked
package dev.weft.proxy.filter;

import org.jspecify.annotations.NullMarked;
