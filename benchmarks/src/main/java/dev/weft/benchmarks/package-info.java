/// JMH runs of what the proxy does for every request. Run them with `benchmarks/run`.
@NullMarked
package dev.weft.benchmarks;

import org.jspecify.annotations.NullMarked;
