package dev.weft.proxy.telemetry;

/// One access log.
///
/// @param path of a file, or [#STDOUT] or [#STDERR]
public record LogRule(String path, LogFilter filter, LogFormat format) {
    public static final String STDOUT = "/dev/stdout";
    public static final String STDERR = "/dev/stderr";
}
