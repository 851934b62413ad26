/// Finds endpoints that answer worse than they should: every endpoint has an [OutlierMonitor] that
/// event loops tell what happened, every cluster an [OutlierDetector] that judges.
@NullMarked
package dev.weft.proxy.outlier;

import org.jspecify.annotations.NullMarked;
