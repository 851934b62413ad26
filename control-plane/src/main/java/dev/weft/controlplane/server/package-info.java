/// The control plane's two TLS servers: [GrpcServer] for proxies, [WebhookServer] for the API
/// server. Both show the leaf that is in force when a handshake begins.
@NullMarked
package dev.weft.controlplane.server;

import org.jspecify.annotations.NullMarked;
