/// What the proxy tells of its work: metrics and the access log. Enter at [Telemetry]; what
/// configured access logs write is in [LogRules], and what headers have of it in [HeaderFormat].
@NullMarked
package dev.weft.proxy.telemetry;

import org.jspecify.annotations.NullMarked;
