/// What the suites on the real cluster share: one cluster, one mesh, a few pods. Enter at
/// [TestMesh].
@NullMarked
package dev.weft.e2e.suite;

import org.jspecify.annotations.NullMarked;
