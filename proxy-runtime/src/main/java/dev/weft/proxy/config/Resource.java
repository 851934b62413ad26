package dev.weft.proxy.config;

import com.google.protobuf.Any;

/// One xDS resource as it came from the stream, or from the last good configuration on disk.
public record Resource(String name, String version, Any body) {}
