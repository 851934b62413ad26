package dev.weft.controlplane.model;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a Service says about the protocol of a port.
public enum PortKind {
    /// HTTP/1.1, HTTP/2 or gRPC; which one is found out connection by connection.
    HTTP,
    /// Bytes: TLS of the application's own, or a protocol that the mesh does not read. The server
    /// may speak first.
    TCP,
    /// Nothing said: the proxy looks at the first bytes.
    UNDECLARED;

    private static final Set<String> HTTP_NAMES =
            Set.of("http", "http2", "h2c", "kubernetes.io/h2c", "grpc", "ws", "kubernetes.io/ws");

    private static final Set<String> TCP_NAMES =
            Set.of(
                    "tcp",
                    "tls",
                    "https",
                    "wss",
                    "kubernetes.io/wss",
                    // Protocols in which the server speaks first, or that are never HTTP.
                    "amqp",
                    "ftp",
                    "imap",
                    "imaps",
                    "kafka",
                    "ldap",
                    "ldaps",
                    "mongo",
                    "mongodb",
                    "mqtt",
                    "mysql",
                    "mariadb",
                    "nats",
                    "pop3",
                    "pop3s",
                    "postgres",
                    "postgresql",
                    "redis",
                    "smtp",
                    "smtps",
                    "ssh",
                    "telnet",
                    "vnc");

    /// `appProtocol` decides; else the port name up to its first dash.
    static PortKind of(@Nullable String appProtocol, @Nullable String portName) {
        if (appProtocol != null && !appProtocol.isEmpty()) {
            return named(appProtocol);
        }
        if (portName == null) {
            return UNDECLARED;
        }
        int dash = portName.indexOf('-');
        return named(dash < 0 ? portName : portName.substring(0, dash));
    }

    private static PortKind named(String name) {
        if (HTTP_NAMES.contains(name)) {
            return HTTP;
        }
        return TCP_NAMES.contains(name) ? TCP : UNDECLARED;
    }

    /// What holds for a pod's port that two Services name: where they disagree, nothing is
    /// declared.
    public PortKind and(PortKind other) {
        return this == other ? this : UNDECLARED;
    }
}
