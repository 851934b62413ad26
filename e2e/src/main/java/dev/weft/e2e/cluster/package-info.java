/// The clusters that tests and demo run on: enter at [Cluster]. Three kinds, one contract: one that
/// a person names, k3s in Docker, or a local node made from packages.
@NullMarked
package dev.weft.e2e.cluster;

import org.jspecify.annotations.NullMarked;
