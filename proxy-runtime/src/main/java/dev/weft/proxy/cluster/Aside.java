package dev.weft.proxy.cluster;

import dev.weft.proxy.telemetry.Telemetry;
import io.netty.channel.EventLoop;

/// What clusters do beside requests, on an event loop that carries none: verdicts on endpoints, and
/// the health checks that lead to some.
record Aside(EventLoop loop, Connector connector, LocalAddresses local, Telemetry telemetry) {}
