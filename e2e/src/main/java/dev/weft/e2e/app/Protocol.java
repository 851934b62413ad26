package dev.weft.e2e.app;

/// The protocols that the load is made of, by the names that servers answer with.
enum Protocol {
    HTTP1("HTTP/1.1", 80),
    HTTP2("HTTP/2", 81),
    GRPC("gRPC", 9090);

    private final String label;
    private final int servicePort;

    Protocol(String label, int servicePort) {
        this.label = label;
        this.servicePort = servicePort;
    }

    String label() {
        return label;
    }

    int servicePort() {
        return servicePort;
    }
}
