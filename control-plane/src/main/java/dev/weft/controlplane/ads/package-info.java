/// Serves delta ADS to the proxies: enter at [AdsService], look from outside through
/// [ProxyRegistry].
///
/// A stream never queues: per resource type at most one response is unanswered, and what changed
/// meanwhile is a set of names. So a slow proxy costs a set, not a backlog.
@NullMarked
package dev.weft.controlplane.ads;

import org.jspecify.annotations.NullMarked;
