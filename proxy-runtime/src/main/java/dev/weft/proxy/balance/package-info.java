/// Chooses the endpoint that gets a request: enter at [LoadBalancer], which is built anew whenever
/// a cluster's endpoints or their health change. Choosing takes no lock and makes no object.
@NullMarked
package dev.weft.proxy.balance;

import org.jspecify.annotations.NullMarked;
