/// Why the proxy answers, or closes, instead of the service: [Refusal], and the one place that
/// makes answers of it.
@NullMarked
package dev.weft.proxy.refusal;

import org.jspecify.annotations.NullMarked;
